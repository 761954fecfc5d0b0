# Each recipe is a few plain commands that can also be pasted without make.
# One profile, `gate`, serves the tests and the binary that they run: nothing is built twice.
.PHONY: demo test deps fmt lint doc scenarios protocols conformance bench soak valgrind fuzz run
.NOTPARALLEL:
BUILT := $(or $(CARGO_TARGET_DIR),target)

# See it work: a demo origin, a gateway and a table of what the cache did. Needs no file and no root.
demo:
	packaging/deps.sh build && cargo build --profile gate --workspace --bin shoal
	$(BUILT)/gate/shoal demo

# Everything that CI runs, cheapest first. cargo-deny runs where it is installed.
test: deps lint
	cargo build --profile gate --workspace --bin shoal
	cargo test --profile gate --workspace
	$(MAKE) protocols
	$(MAKE) doc
	! command -v cargo-deny >/dev/null || cargo deny check

# Say what is missing on this machine and install it. SHOAL_NO_INSTALL=1 only says it.
deps:
	packaging/deps.sh

fmt:
	cargo fmt --all

lint:
	cargo fmt --all --check
	cargo clippy --profile gate --workspace --all-targets -- -D warnings
	cargo clippy --profile gate --workspace --features shoal-cache/shuttle --test protocols -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --profile gate --workspace --no-deps --document-private-items

# Stories against the running binary. make scenarios ONLY=a_part_of_a_name
scenarios:
	cargo build --profile gate --workspace --bin shoal
	cargo test --profile gate --workspace --test scenarios -- $(ONLY)

# The engine's protocols between threads under a model checker; it builds that and the engine, no more.
protocols:
	cargo test --profile gate --workspace --features shoal-cache/shuttle --test protocols

# The public HTTP cache test suite through the running binary. UPDATE=1 rewrites the expected results.
conformance:
	cargo build --profile gate --workspace --bin shoal
	cargo test --profile gate --workspace --test conformance -- --nocapture

# make bench NAME=memory_bound. The feature brings in the caches that some benches measure beside ours.
bench:
	cargo build --release --workspace --features shoal-benches/peers --bin shoal --bin $(NAME)
	$(BUILT)/release/$(NAME)

# Slower proof: every property with many more cases, then the memory bound.
soak:
	PROPTEST_CASES=20000 SHOAL_MODEL_SEQUENCES=200000 cargo test --profile gate --workspace
	SHOAL_SCHEDULES=50000 $(MAKE) protocols
	$(MAKE) valgrind
	SHOAL_CHURN_SECONDS=120 cargo test --profile gate --workspace --test resident_memory -- --nocapture
	$(MAKE) bench NAME=memory_bound

# The engine's unit tests, the arena's and the policy's among them, under memcheck: no error and no leak.
MEMCHECK := valgrind --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=1
valgrind:
	packaging/deps.sh valgrind
	cargo test --profile gate -p shoal-cache --lib --config "target.'cfg(all())'.runner = '$(MEMCHECK)'"

# One property for long: make fuzz TARGET=a_part_of_its_name CASES=1000000
fuzz:
	PROPTEST_CASES=$(or $(CASES),1000000) cargo test --profile gate --workspace $(TARGET)

# make run CONF=conf/minimal.yaml
run:
	cargo build --profile gate --workspace --bin shoal
	$(BUILT)/gate/shoal run -c $(or $(CONF),conf/minimal.yaml)
