GO_VERSIONS := go1.26.8 go1.27.4
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
MODULES := . $(patsubst %/go.mod,%,$(wildcard */go.mod */*/go.mod))

.PHONY: help demo fleet-demo generate test lint bench fuzz world contract-diff go-versions

help: ## Show what there is to make
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

demo: ## Send a message through the sandbox on this machine; no key, no network
	@echo "Compiling. The first time that takes a minute or two, package by package:" >&2
	@go run -v ./cmd/ymchats demo

fleet-demo: ## Several processes of one cabinet, with and without shared limits; needs redis-server or valkey-server
	@cd examples/fleet && go run .

generate: ## Generate the client, the notifications' types and the sandbox's handlers from the contracts
	go generate ./...

test: ## Run all tests; four packages at once, as some of them mostly wait
	go test -p 4 ./...

lint: ## Check formatting and look for mistakes
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on: $$unformatted"; exit 1; fi
	@for module in $(MODULES); do echo "golangci-lint in $$module"; \
	  (cd $$module && go run $(GOLANGCI) run -c "$(CURDIR)/.golangci.yml" ./...) || exit 1; done

FUZZTIME := 10s
fuzz: ## Try all fuzz targets for FUZZTIME each, 10s
	go test ./wrapper -run '^$$' -fuzz FuzzAnswer -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./wrapper -run '^$$' -fuzz FuzzQuotaHeaders -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./wrapper -run '^$$' -fuzz FuzzErrorsBody -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./api -run '^$$' -fuzz FuzzRequest -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./api -run '^$$' -fuzz FuzzResponse -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./api -run '^$$' -fuzz FuzzContentEncoding -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./api -run '^$$' -fuzz FuzzForm -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./api -run '^$$' -fuzz FuzzQuery -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./cmd/ymchats -run '^$$' -fuzz FuzzHAR -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./sandbox -run '^$$' -fuzz FuzzRequest -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./sandbox -run '^$$' -fuzz FuzzControl -fuzztime $(FUZZTIME) -fuzzminimizetime 1s
	go test ./notify -run '^$$' -fuzz FuzzBody -fuzztime $(FUZZTIME) -fuzzminimizetime 1s

bench: ## Compare the client with others on both versions of Go; writes docs/benchmarks.md, 5 minutes
	cd bench && go run . $(GO_VERSIONS)

WORLD_SENDS := 850
world: ## Send through nine proxies, toxiproxy and broken HTTP/2; docs/world.md, 15 minutes
	cd tests/world && go test -v -count=1 -timeout 60m -sends $(WORLD_SENDS)

contract-diff: ## Say what breaks for others, compared with a git ref: make contract-diff BASE=origin/main
	@scripts/contract-diff $(BASE)

go-versions: ## Print the versions of Go that are supported
	@echo $(GO_VERSIONS)
