//! The command `shoal`. Everything it does is in the library.

/// Its allocator returns what large bodies leave behind, and keeps fragments small.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    shoal::cli::main()
}
