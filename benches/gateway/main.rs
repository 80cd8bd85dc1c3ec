//! The cloud surface: what an immediate query costs beside its driver, what a large result takes, and who waits how long.
//!
//! `cargo bench --bench gateway`; with `-- --help` behind it, it lists its options. Each contest has a reference in the same
//! run, since the machine's speed drifts; what counts is the ratio.
//!
//! | module | what it measures |
//! |---|---|
//! | `latency` | from submit to begin, with 1,000 practices and 50 integrators; beside one that floods |
//! | `immediate` | immediate queries a second, against the bare driver |
//! | `result` | memory and pace of a large async result, from its statement to its reader |
//! | `made` | a gateway, its practices and a server, as `pilaster serve` makes them |
//! | `bare` | the bare driver: rusqlite, and rows written as JSON by hand |

mod bare;
#[path = "../client/mod.rs"]
mod client;
mod immediate;
mod latency;
mod made;
mod result;

use std::path::PathBuf;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How much is asked, and for how long.
#[derive(Parser)]
struct Options {
    /// Of one round.
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// Of which the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Callers of immediate queries at once; each number in turn.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16])]
    callers: Vec<usize>,
    /// Rows of the table.
    #[arg(long, default_value_t = 20_000)]
    rows: u32,
    /// Practices, and integrators, each of which is paired with all of them.
    #[arg(long, default_value_t = 1_000)]
    sites: u32,
    #[arg(long, default_value_t = 50)]
    integrators: u32,
    /// Immediate queries a second of all integrators together; the documented limit lets 50 of them send 150.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// Async queries a second behind them.
    #[arg(long, default_value_t = 100)]
    background: u32,
    /// Milliseconds that a practice takes for a statement.
    #[arg(long, default_value_t = 1)]
    takes: u64,
    /// Megabytes of the large result.
    #[arg(long, env = "PILASTER_BENCH_MB", default_value_t = 2048)]
    megabytes: u64,
    /// Only the contests whose name holds this text: latency, immediate, result.
    #[arg(long)]
    only: Option<String>,
    /// Serves a practice in this folder until its standard input ends: the large result has a process of its own.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
    /// Given by `cargo bench` itself.
    #[arg(long, hide = true)]
    bench: bool,
}

/// One of the contests.
type Contest = fn(&Options);

fn main() {
    let options = Options::parse();
    if let Some(folder) = &options.serve {
        return result::serve(folder);
    }
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!(
        "{} processors, load before it {}",
        std::thread::available_parallelism().map_or(0, usize::from),
        load.split(' ').next().unwrap_or("unknown"),
    );
    let contests: [(&str, Contest); _] = [
        ("latency", latency::measure),
        ("immediate", immediate::measure),
        ("result", result::measure),
    ];
    let only = options.only.as_deref().unwrap_or_default();
    for (_, measure) in contests.iter().filter(|(name, _)| name.contains(only)) {
        println!();
        measure(&options);
    }
}

/// A number of megabytes that the system has of a process: `VmRSS`, what is resident; `VmHWM`, the most that was.
fn memory(process: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("proc");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .expect("a line of the name");
    let kilobytes = line.split_whitespace().next().map(str::parse::<u64>);
    kilobytes.expect("a number").expect("a number") / 1024
}
