"""Feeds published training days to a model: days, batches, their order, and where one is in it. See ``training/README.md``."""

from .batch import Batch, JaggedBatch
from .dataset import DayDataset
from .day import Day
from .errors import DayError
from .files import days
from .loader import DayLoader
from .sampler import DayBatchSampler
from .splitting import split

__all__ = ["Batch", "Day", "DayBatchSampler", "DayDataset", "DayError", "DayLoader", "JaggedBatch", "days", "split"]
