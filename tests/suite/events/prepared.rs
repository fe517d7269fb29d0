//! The table with the sessions of the placeholders, gone back to for each sample: opening them takes
//! a hundred times as long as going back.

use super::Placeholders;
use local::dynamodb::Embedded;
use shared::time::Timestamp;
use tempfile::TempDir;
use tests::World;

pub(crate) struct Prepared {
    placeholders: Placeholders,
    opened: Timestamp,
    engine: Embedded,
    folder: TempDir,
}

impl Prepared {
    /// Opens the sessions in a world over `engine`, and remembers the table.
    pub(crate) async fn new(world: &World, engine: &Embedded) -> Self {
        let placeholders = Placeholders::prepare(world).await;
        let folder = tempfile::tempdir().expect("a folder");
        let (opened, engine) = (world.clock.now(), engine.clone());
        let prepared = Self { placeholders, opened, engine, folder };
        prepared.engine.save(&prepared.file()).expect("a copy of the table");
        prepared
    }

    /// The same for a function whose clock does not stand still.
    pub(crate) async fn at(world: &World, engine: &Embedded, moment: Timestamp) -> Self {
        Placeholders::set_back(world, moment);
        Self::new(world, engine).await
    }

    /// Table and clock as they were, and what they are spoken of by.
    pub(crate) fn anew(&self, world: &World) -> &Placeholders {
        self.engine.restore(&self.file()).expect("the copy of the table");
        world.clock.set(self.opened);
        &self.placeholders
    }

    fn file(&self) -> String {
        self.folder.path().join("table").to_str().expect("UTF-8").to_owned()
    }
}
