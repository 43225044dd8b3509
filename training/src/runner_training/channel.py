"""A bounded queue between one thread that makes and one that takes, which either side can end. Knows not what is in it."""

from __future__ import annotations

import threading
from collections import deque
from typing import Deque, Generic, Iterator, Optional, TypeVar

Item = TypeVar("Item")


class Channel(Generic[Item]):
    """Holds up to ``capacity`` items. Iterating takes them until the maker is done, and raises what made it fail."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._items: Deque[Item] = deque()
        self._changed = threading.Condition()
        self._done = False
        self._failure: Optional[BaseException] = None
        self._closed = False

    def put(self, item: Item) -> bool:
        """Waits for room. False if nobody takes items any more."""
        with self._changed:
            while len(self._items) >= self._capacity and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def finish(self, failure: Optional[BaseException] = None) -> None:
        """No more will come. A failure is raised once what came before it is taken."""
        with self._changed:
            self._done, self._failure = True, failure
            self._changed.notify_all()

    def close(self) -> None:
        """Nobody takes items any more; those that are left are let go of."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        with self._changed:
            while not self._items and not self._done:
                self._changed.wait()
            if self._items:
                item = self._items.popleft()
                self._changed.notify_all()
                return item
            if self._failure is not None:
                raise self._failure
            raise StopIteration
