//! The table: the item or the copies that hold the generation which is judged by, a few session
//! rows, and every write there is, each one atomic step with the condition that the code gives it
//! (`shared/src/table/{generations,sessions,apps}.rs`).

use crate::mutant::Mutant;

/// A session's name.
pub(crate) type Handle = u8;
/// A generation. 0 is that of an item that is not there.
pub(crate) type Generation = u8;
/// Which copy of the generation: a user's has one, a tenant's two (16 in the code).
pub(crate) type Copy = u8;
/// A refresh token of session 0: 0 is its first, `1 + p` the successor whose salt process `p` drew.
pub(crate) type Token = u8;

/// How many handles there are: two sessions that are open at first, and the two names that the one
/// process which opens a session can draw.
pub(crate) const HANDLES: Handle = 4;
/// How many copies of a tenant's generation there are.
pub(crate) const COPIES: Copy = 2;

/// What of a session's row decides whether it lives (`model::Standing`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// The generation at birth.
    pub(crate) born: Generation,
    /// The refresh token that an exchange takes.
    pub(crate) current: Token,
    /// The one before, whose successor can be derived again (there is a salt).
    pub(crate) previous: Option<Token>,
    /// Whether its time is over. Time to live removes the row later, or never.
    pub(crate) over: bool,
    /// Whether it is a whole row. `UpdateItem` on nothing makes one that no reader accepts.
    pub(crate) whole: bool,
}

impl Row {
    /// A row as a new session has it.
    pub(crate) const fn new(born: Generation) -> Self {
        Self { born, current: 0, previous: None, over: false, whole: true }
    }
}

/// The table's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Table {
    /// The copies of the generation. Only the first is that of a user.
    pub(crate) generations: [Generation; COPIES as usize],
    /// Whether the tenant is in the app's record.
    pub(crate) declared: bool,
    /// The session rows.
    pub(crate) rows: [Option<Row>; HANDLES as usize],
}

/// A write of one item, or of two in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Write {
    /// `insert_new`: a session's row.
    Put { handle: Handle, row: Row },
    /// `raise_at`: the generation becomes our clock, if that is ahead.
    Raise { copy: Copy, to: Generation },
    /// `step`: the generation plus one.
    Step { copy: Copy },
    /// `raise_keeping`: the raise, and the lifting of one session, in one transaction.
    RaiseKeeping { seen: Generation, next: Generation, kept: Handle, born: Generation },
    /// The lifting alone. Only a mutant does that.
    Lift { kept: Handle, to: Generation },
    /// `rotate`: the next refresh token.
    Rotate { handle: Handle, seen: Token, presented: Token, next: Token },
    /// `remove`: a session by its name.
    Remove { handle: Handle },
    /// `AppTable::write`: the app's record without the tenant.
    Undeclare,
    /// `sweep`: the row of a session that a revocation has ended.
    Sweep { handle: Handle, below: Generation },
}

/// What a write answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// Its condition held, and it took effect. With the row it met, if it is about one.
    Done(Option<Row>),
    /// Its condition did not hold. With the row it met (`ReturnValuesOnConditionCheckFailure`).
    Refused(Option<Row>),
}

impl Table {
    /// The row of this name.
    pub(crate) fn row(&self, handle: Handle) -> Option<Row> {
        self.rows[usize::from(handle)]
    }

    /// Does `write`, if its condition holds.
    pub(crate) fn apply(&mut self, write: Write, mutant: Mutant) -> Written {
        let met = write.handle().and_then(|handle| self.row(handle));
        if !self.allows(write, met, mutant) {
            return Written::Refused(met);
        }
        match write {
            Write::Put { handle, row } => self.rows[usize::from(handle)] = Some(row),
            Write::Raise { copy, to } => self.generations[usize::from(copy)] = to,
            Write::Step { copy } => self.generations[usize::from(copy)] += 1,
            Write::RaiseKeeping { next, kept, .. } => {
                self.generations[0] = next;
                self.lift(kept, next);
            }
            Write::Undeclare => self.declared = false,
            Write::Lift { kept, to } => self.lift(kept, to),
            Write::Rotate { handle, presented, next, .. } => {
                // UpdateItem inserts what is not there, and then only what it sets.
                let row = self.rows[usize::from(handle)]
                    .get_or_insert(Row { whole: false, ..Row::new(0) });
                (row.current, row.previous, row.over) = (next, Some(presented), false);
            }
            Write::Remove { handle } | Write::Sweep { handle, .. } => {
                self.rows[usize::from(handle)] = None;
            }
        }
        Written::Done(met)
    }

    fn lift(&mut self, kept: Handle, to: Generation) {
        if let Some(row) = &mut self.rows[usize::from(kept)] {
            row.born = to;
        }
    }

    /// The conditions, as the code has them; and what each mutant makes of them.
    fn allows(&self, write: Write, met: Option<Row>, mutant: Mutant) -> bool {
        match write {
            // attribute_not_exists(pk)
            Write::Put { .. } => met.is_none(),
            // attribute_not_exists(#generation) OR #generation < :value
            Write::Raise { copy, to } => self.generations[usize::from(copy)] < to,
            // attribute_exists(#generation)
            Write::Step { copy } => self.generations[usize::from(copy)] > 0,
            // appVersion = :seen
            Write::Undeclare => self.declared,
            // #generation = :seen (or attribute_not_exists), and
            // attribute_exists(pk) AND userGeneration = :whole
            Write::RaiseKeeping { seen, born, .. } => {
                let as_seen =
                    self.generations[0] == seen && met.is_some_and(|row| row.born == born);
                as_seen || mutant == Mutant::KeepingUnconditional
            }
            // attribute_exists(pk)
            Write::Lift { .. } => met.is_some(),
            // attribute_exists(pk) AND refreshDigest = :seen
            Write::Rotate { seen, .. } => match mutant {
                Mutant::RotateUnconditional => true,
                Mutant::RotateWithoutDigest => met.is_some(),
                _ => met.is_some_and(|row| row.current == seen),
            },
            // attribute_exists(pk)
            Write::Remove { .. } => met.is_some() || mutant == Mutant::RemoveUnconditional,
            // attribute_exists(pk) AND userGeneration < :generation
            Write::Sweep { below, .. } => match mutant {
                Mutant::GenerationsOff => met.is_some(),
                Mutant::SweepUnconditional => true,
                Mutant::WallClockCutoff => met.is_some_and(|row| row.born <= below),
                _ => met.is_some_and(|row| row.born < below),
            },
        }
    }
}

impl Write {
    /// The session it is about.
    pub(crate) const fn handle(self) -> Option<Handle> {
        match self {
            Self::Put { handle, .. }
            | Self::RaiseKeeping { kept: handle, .. }
            | Self::Lift { kept: handle, .. }
            | Self::Rotate { handle, .. }
            | Self::Remove { handle }
            | Self::Sweep { handle, .. } => Some(handle),
            Self::Raise { .. } | Self::Step { .. } | Self::Undeclare => None,
        }
    }

    /// Which copy of the generation it raises, if it raises one.
    pub(crate) const fn raises(self) -> Option<Copy> {
        match self {
            Self::Raise { copy, .. } | Self::Step { copy } => Some(copy),
            Self::RaiseKeeping { .. } => Some(0),
            _ => None,
        }
    }
}

/// Why a session does not live (`model::Ended`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    /// There is no row.
    Missing,
    /// Its time is over.
    Expired,
    /// It is behind the generation.
    Revoked,
    /// It is ahead of the generation.
    Ahead,
}

/// What a look that found a session not to live is compared with: the generation and the reason of
/// the look before (`session::live::Looks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Last {
    /// The generation that it read.
    pub(crate) generation: Generation,
    /// What it found.
    pub(crate) why: Ended,
}

impl Last {
    /// Whether this look proves why the session does not live.
    pub(crate) fn proves(last: Option<Self>, now: Self, mutant: Mutant) -> bool {
        match now.why {
            Ended::Missing | Ended::Expired => true,
            Ended::Ahead if mutant == Mutant::OneLookAhead => true,
            Ended::Revoked | Ended::Ahead if mutant == Mutant::LooksUnlike => {
                last.is_some_and(|last| last.generation == now.generation)
            }
            Ended::Revoked | Ended::Ahead => last == Some(now),
        }
    }
}

/// Whether a session lives, given the present generation (`model::Standing::judge`).
///
/// # Errors
/// Why it does not.
pub(crate) fn judge(row: Option<Row>, present: Generation, mutant: Mutant) -> Result<Row, Ended> {
    let row = row.ok_or(Ended::Missing)?;
    if row.over && mutant != Mutant::ExpiryLeftToTtl {
        return Err(Ended::Expired);
    }
    let behind = match mutant {
        Mutant::GenerationsOff => false,
        // Generations are times here: of birth, and of the last revocation.
        Mutant::WallClockCutoff => row.born <= present,
        _ => row.born < present,
    };
    let ahead = match mutant {
        Mutant::AheadLives | Mutant::GenerationsOff | Mutant::WallClockCutoff => false,
        _ => row.born > present,
    };
    match (behind, ahead) {
        (true, _) => Err(Ended::Revoked),
        (_, true) => Err(Ended::Ahead),
        _ => Ok(row),
    }
}
