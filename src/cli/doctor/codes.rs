//! What `doctor` looks at, by number; each has a section in `deploy/doctor.md`.

/// Writes the table once for the type, the numbers and the words.
macro_rules! checks {
    ($($name:ident $number:literal $wanted:literal)*) => {
        /// What is looked at; each has a number that never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Check {
            $(#[doc = concat!($number, ": ", $wanted)] $name,)*
        }

        impl Check {
            /// Every check, by number.
            #[cfg(test)]
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number, as in `SG2001`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $number,)*
                }
            }

            /// What is wanted, in one line.
            pub fn wanted(self) -> &'static str {
                match self {
                    $(Self::$name => $wanted,)*
                }
            }
        }
    };
}

checks! {
    Gate "SG2001" "the gate can be reached"
    Ready "SG2002" "the gate is ready"
    Around "SG2003" "nobody reaches the server around the gate"
    Upstream "SG2004" "the server answers"
    Certificate "SG2005" "the certificate lasts for more than 30 days"
    Reload "SG2006" "the last reload put a policy in force"
    Files "SG2007" "the policy in force is that of the files"
    Mode "SG2008" "decisions take effect"
    Keys "SG2009" "the keys of issuers are fresh"
    Audit "SG2010" "the audit takes records and has lost none"
    Durable "SG2011" "audit records reach a disk in time"
    Disk "SG2012" "the disk of the audit has room"
    Clock "SG2013" "the clock of the gate agrees with this one"
    IssuerClock "SG2014" "the clocks of issuers agree with that of the gate"
    LimitCells "SG2015" "the table of limits has room"
    Breakers "SG2016" "no breaker rests"
    Pod "SG2017" "the Service leads to the gate"
}

impl Check {
    /// Where to read more.
    pub fn page(self) -> String {
        format!("deploy/doctor.md#{}", self.as_str().to_lowercase())
    }
}
