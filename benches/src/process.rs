//! What the kernel says of this process: memory that is resident, CPU time of a thread.
//!
//! Read from `/proc`, so without `unsafe`. The gateway's memory is asked of `gateway`.

use std::{fs, io, thread, time::Duration};

/// Bytes that are resident.
pub fn resident() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    number(line).map(|kib| kib * 1024)
}

/// The CPU time of the calling thread. Time in which others had the CPU is not in it.
pub fn cpu_time() -> io::Result<Duration> {
    // Giving way makes the kernel book the time of the running slice, which it does else at a tick.
    thread::yield_now();
    let times = fs::read_to_string("/proc/thread-self/schedstat")?;
    number(Some(&times)).map(Duration::from_nanos)
}

/// The first word as a number.
fn number(text: Option<&str>) -> io::Result<u64> {
    text.and_then(|text| text.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| io::Error::other("/proc says something else than expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_was_written_is_resident_and_work_takes_time() {
        let (memory, time) = (resident().unwrap(), cpu_time().unwrap());
        let written = vec![7_u8; 64 << 20];
        assert!(resident().unwrap() >= memory + (32 << 20));
        assert_eq!(written.iter().map(|byte| u64::from(*byte)).max(), Some(7));
        assert!(cpu_time().unwrap() > time);
    }
}
