# Each target is one line that a person could type. LPUCTL_LLVM names an LLVM
# that is not on PATH.

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
FUZZTIME ?= 60s

.PHONY: help demo test test-model test-families smollm2 gemma3 tools conformance bench asm golden fuzz lint cross

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' Makefile | expand -t 14

demo: ## the whole promise on the embedded model
	@sh scripts/tools.sh --optional
	go run ./cmd/lpuctl demo

test: ## all tests; what cannot be checked here is printed
	@sh scripts/tools.sh --optional
	@sh scripts/test.sh

test-model: ## Llama-2-70B, all 80 layers, with synthetic INT4 weights (minutes)
	sh scripts/test-model.sh

test-families: ## every family compiled in every kind (minutes)
	go test ./internal/prove -run TestFamiliesCompiled -full

smollm2: ## fetch SmolLM2-135M-Instruct and check it against transformers and llama.cpp
	sh scripts/models.sh smollm2
	go test -count=1 -v -run SmolLM2 ./internal/prove

gemma3: ## fetch Gemma 3 270M (under Gemma's terms) and check it against transformers and llama.cpp
	sh scripts/models.sh gemma3
	go test -count=1 -v -run Gemma3 ./internal/prove

tools: ## install what the MLIR checks need
	sh scripts/tools.sh

conformance: ## Groq client, tokenizers and chat templates against software of others
	sh scripts/conformance.sh
	sh scripts/conformance-tokenizers.sh $(CONFORMANCE)
	sh scripts/conformance-templates.sh

bench: ## benchmarks of every package
	go test -run '^$$' -bench . -benchmem ./...

asm: ## rewrite the SIMD kernels from their generator
	go generate ./reference

golden: ## rewrite the golden texts of the tests; review the diff
	sh scripts/golden.sh

fuzz: ## every fuzz target for FUZZTIME each
	FUZZTIME=$(FUZZTIME) sh scripts/fuzz.sh

lint: ## gofmt, vet, staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "not gofmt-clean"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...

cross: ## build for every supported platform
	@for p in $(PLATFORMS); do echo "build $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -o /dev/null ./cmd/lpuctl || exit 1; done
