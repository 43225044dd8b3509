//! Lays texts out in aligned columns, for people.
//!
//! It knows widths and nothing of what stands in a cell.

/// A column: its name, the texts below it, and whether they are numbers, which stand to the right.
pub struct GridColumn {
    pub name: String,
    pub cells: Vec<String>,
    pub right: bool,
}

impl GridColumn {
    fn lines(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.name).chain(&self.cells)
    }
}

/// The columns side by side, two spaces apart, a line for the names and one for each row.
pub fn grid(columns: &[GridColumn]) -> String {
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let mut lines = vec![String::new(); rows + 1];
    for column in columns {
        let width = column.lines().map(|cell| cell.chars().count()).max().unwrap_or(0);
        for (line, cell) in lines.iter_mut().zip(column.lines()) {
            line.push_str(&if column.right { format!("{cell:>width$}  ") } else { format!("{cell:width$}  ") });
        }
    }
    lines.iter().map(|line| line.trim_end().to_string() + "\n").collect()
}
