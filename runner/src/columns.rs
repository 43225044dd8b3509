//! Lines of cells as text whose columns stand below each other. Pure.

/// Puts two spaces between columns that are as wide as their widest cell; those in `right` end below each other instead
/// of beginning so. The last column is as wide as it is.
pub fn align(rows: &[Vec<String>], right: &[usize]) -> Vec<String> {
    let length = |cell: &String| cell.chars().count();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(widest).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match right.contains(&column) {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_string()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_and_numbers_end_below_each_other() {
        let rows = [["node", "s", "why"], ["history", "10.5", "changed"], ["join", "0.1", ""]];
        let rows = rows.map(|row| row.map(str::to_string).to_vec());
        assert_eq!(align(&rows, &[1]), ["node        s  why", "history  10.5  changed", "join      0.1"]);
        assert!(align(&[], &[0]).is_empty());
    }
}
