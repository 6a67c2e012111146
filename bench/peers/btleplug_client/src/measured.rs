//! What ../measured.hpp is for the clients in C++; ../README.md has the protocol.

use std::collections::HashMap;
use std::io::Write;
use std::process::exit;

const FIRST_VALUE: u32 = 0xffff_fffe;
const LAST_VALUE: u32 = 0xffff_ffff;

/// Ends the program: this client cannot do the workload.
pub fn refuse(reason: &str) -> ! {
    eprintln!("{reason}");
    exit(1)
}

/// The rig may let the values, or the advertisements, come.
pub fn say_ready() {
    println!("ready");
    let _ = std::io::stdout().flush();
}

/// The workload's name, then `NAME=VALUE`.
pub struct Arguments {
    pub workload: String,
    values: HashMap<String, String>,
}

impl Arguments {
    pub fn new(mut words: impl Iterator<Item = String>) -> Self {
        let workload = words.next().unwrap_or_else(|| refuse("the workload is missing"));
        let pair = |word: String| match word.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => refuse(&format!("not NAME=VALUE: {word}")),
        };
        Self { workload, values: words.map(pair).collect() }
    }

    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).unwrap_or_else(|| refuse(&format!("the argument {name}= is missing")))
    }

    pub fn number(&self, name: &str) -> usize {
        self.text(name).parse().unwrap_or_else(|_| refuse(&format!("{name}= is no number")))
    }
}

/// What this process has cost so far.
#[derive(Clone, Copy, Default)]
struct Cost {
    cpu_us: i64,
    wakeups: i64,
    preempted: i64,
    time_us: i64,
}

impl Cost {
    fn now() -> Self {
        let mut used: libc::rusage = unsafe { std::mem::zeroed() };
        unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
        let microseconds = |time: libc::timeval| time.tv_sec as i64 * 1_000_000 + time.tv_usec as i64;
        Self {
            cpu_us: microseconds(used.ru_utime) + microseconds(used.ru_stime),
            wakeups: used.ru_nvcsw as i64,
            preempted: used.ru_nivcsw as i64,
            time_us: nanoseconds_now() / 1000,
        }
    }
}

/// The clock of the stamps.
fn nanoseconds_now() -> i64 {
    let mut now: libc::timespec = unsafe { std::mem::zeroed() };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec as i64 * 1_000_000_000 + now.tv_nsec as i64
}

/// The steady part of a workload.
#[derive(Default)]
pub struct Measurement {
    pub count: usize,
    latencies: Vec<i64>,
    begin: Cost,
    cost: Cost,
}

impl Measurement {
    pub fn begin(&mut self) {
        self.begin = Cost::now();
    }

    pub fn end(&mut self) {
        let now = Cost::now();
        self.cost.cpu_us += now.cpu_us - self.begin.cpu_us;
        self.cost.wakeups += now.wakeups - self.begin.wakeups;
        self.cost.preempted += now.preempted - self.begin.preempted;
        self.cost.time_us += now.time_us - self.begin.time_us;
    }

    /// One line of JSON.
    pub fn print(&mut self) {
        let Cost { cpu_us, wakeups, preempted, time_us } = self.cost;
        let mut line = format!(
            "{{\"cpu_us\": {cpu_us}, \"wakeups\": {wakeups}, \"preempted\": {preempted}, \"time_us\": {time_us}, \"count\": {}",
            self.count
        );
        self.latencies.sort_unstable();
        let last = self.latencies.len().saturating_sub(1) as f64;
        let part = |share: f64| self.latencies[(share * last) as usize] as f64 / 1000.0;
        if !self.latencies.is_empty() {
            line += &format!(
                ", \"latency_us\": {{\"p50\": {:.1}, \"p90\": {:.1}, \"p99\": {:.1}, \"max\": {:.1}}}",
                part(0.5), part(0.9), part(0.99), part(1.0)
            );
        }
        println!("{line}}}");
        let _ = std::io::stdout().flush();
    }
}

/// The notified values: what lies between a first and a last one is measured.
pub struct Values {
    measurement: Measurement,
    stamped: bool,
    measuring: bool,
}

impl Values {
    pub fn new(arguments: &Arguments) -> Self {
        let stamped = arguments.text("stamped") == "1";
        let mut measurement = Measurement::default();
        if stamped {
            measurement.latencies.reserve(arguments.number("count"));
        }
        Self { measurement, stamped, measuring: false }
    }

    /// True if it was the last one.
    pub fn take(&mut self, value: &[u8]) -> bool {
        let number = value.get(..4).map_or(0, |bytes| u32::from_le_bytes(bytes.try_into().unwrap()));
        if number == FIRST_VALUE {
            self.measuring = true;
            self.measurement.begin();
        } else if number == LAST_VALUE && self.measuring {
            self.measurement.end();
            return true;
        } else if self.measuring {
            self.measurement.count += 1;
            if self.stamped {
                let sent = i64::from_le_bytes(value[4..12].try_into().unwrap());
                self.measurement.latencies.push(nanoseconds_now() - sent);
            }
        }
        false
    }

    pub fn print(&mut self) {
        self.measurement.print();
    }
}

/// Reads, writes and the like: the first ones do not count.
pub struct Repetitions {
    measurement: Measurement,
    warm: usize,
    count: usize,
    done: usize,
}

impl Repetitions {
    pub fn new(arguments: &Arguments) -> Self {
        let (warm, count) = (arguments.number("warm"), arguments.number("count"));
        Self { measurement: Measurement::default(), warm, count, done: 0 }
    }

    /// Before each one; false if there were enough.
    pub fn next(&mut self) -> bool {
        let number = self.done;
        self.done += 1;
        if number == self.warm {
            self.measurement.begin();
        }
        if number < self.warm + self.count {
            return true;
        }
        self.measurement.end();
        self.measurement.count = self.count;
        false
    }

    pub fn print(&mut self) {
        self.measurement.print();
    }
}
