package arch

// arrows says what each package may import of this module, beside fault and
// internal/clock. A name that ends in /... stands for everything below it. A
// package that is not listed is refused: add its line with its arrow.
var arrows = map[string][]string{
	"value":           {},
	"fault":           {},
	"codec":           {"value"},
	"version":         {"codec"},
	"schema":          {"value", "codec"},
	"query":           {"schema", "value", "codec"},
	"query/...":       {"query", "schema", "value", "sqlite"},
	"query/postgrest": {"query", "query/sqlgen", "query/sqlfn", "schema", "value", "sqlite"},
	"mutation":        {"schema", "version", "value", "codec"},
	"changelog":       {"mutation", "version", "value", "codec"},
	"wire":            {"schema", "query", "mutation", "changelog", "version", "value", "codec"},
	"sqlite":          {"value"},
	"sqlite/...":      {"sqlite", "value"},

	"wasm/edge":          {},
	"wasm/store":         {"sqlite", "schema", "mutation", "version", "value", "wire", "codec"},
	"wasm/provider":      {"sqlite", "wasm/store", "schema", "value", "wire", "query/sqlfn", "query"},
	"wasm/builder":       {"query", "query/sqlgen", "sqlite", "schema", "value", "wire"},
	"wasm/txn":           {"wasm/store", "mutation", "schema", "sqlite", "value", "version", "wire", "codec"},
	"wasm/live":          {"wasm/builder", "wasm/txn", "query", "query/sqlfn", "query/sqlgen", "schema", "sqlite", "value", "wire"},
	"wasm/live/livetest": {},
	"wasm/transport":     {"wire"},
	"wasm/syncer":        {"wire", "mutation", "schema", "value", "version", "codec"},
	"wasm/host": {
		"wasm/store", "wasm/provider", "wasm/builder", "wasm/txn", "wasm/live", "wasm/syncer", "wasm/transport",
		"wire", "query", "query/sqlfn", "query/sqlgen", "query/postgrest", "schema", "mutation", "version", "sqlite", "value", "codec",
	},

	"server/source":           {"schema", "mutation", "changelog", "query", "value", "version"},
	"server/source/...":       {"server/source", "server/store", "server/policy", "schema", "mutation", "changelog", "query", "value", "version", "sqlite", "codec"},
	"server/store":            {"server/source", "sqlite", "schema", "mutation", "query", "query/sqlfn", "changelog", "value", "version", "codec"},
	"server/policy":           {"schema", "value", "query"},
	"server/shape":            {"server/policy", "server/source", "server/store", "schema", "value", "wire"},
	"server/config":           {"server/policy", "server/shape", "server/auth", "schema", "query", "value"},
	"server/seed":             {"schema", "value", "server/config"},
	"server/generate":         {"schema"},
	"server/generate/...":     {"server/source", "schema", "sqlite", "query", "value"},
	"server/ingest":           {"server/source", "server/store", "server/fanout", "changelog", "version", "schema", "value"},
	"server/snapshot":         {"server/store", "server/shape", "server/fanout", "schema", "wire", "value", "version"},
	"server/fanout":           {"server/store", "server/shape", "schema", "wire", "value", "version", "changelog", "mutation"},
	"server/apply":            {"server/source", "server/store", "server/policy", "mutation", "wire", "version"},
	"server/audit":            {"server/source", "server/store", "server/policy", "mutation", "changelog"},
	"server/auth":             {"server/source"},
	"server/session":          {"server/auth", "server/shape", "server/fanout", "server/apply", "server/snapshot", "server/source", "wire", "schema", "mutation", "version", "value"},
	"server/rest":             {"server/auth", "server/shape", "server/source", "server/store", "query", "query/postgrest", "schema", "changelog", "sqlite", "value", "wire"},
	"server/admin":            {"server/apply", "server/policy", "server/auth", "server/fanout", "server/store", "query", "version"},
	"internal/testpg":         {},
	"internal/testpg/cmd":     {"internal/testpg"},
	"internal/codectest":      {"value"},
	"internal/gen":            {"wire", "fault"},
	"internal/testrun":        {},
	"internal/testrun/...":    {},
	"internal/workertest":     {},
	"internal/headless/cmd":   {"internal/headless"},
	"internal/causal":         {},
	"internal/causal/proxy":   {},
	"internal/causal/rig":     {"internal/causal", "internal/causal/proxy", "internal/testpg"},
	"internal/causal/cmd":     {"internal/causal/rig", "internal/ledger", "internal/testpg"},
	"internal/ledger":         {},
	"internal/sqloracle":      {"query", "query/...", "internal/testpg"},
	"internal/arch":           {},
	"internal/sizes":          {},
	"internal/slim":           {},
	"internal/slim/fmt":       {},
	"internal/slim/overlay":   {},
	"internal/clock":          {},
	"internal/enginehost":     {},
	"internal/enginehost/...": {},
}

// roots wire parts together and may import everything on their side.
var roots = map[string][]string{
	"wasm":                      {"wasm/...", "."},
	"server":                    {"server/...", "."},
	"server/relay":              {"server/...", "."},
	"server/relay/...":          {"server/...", "."},
	"server/listen":             {"server/...", "."},
	"server/relay/relaytest":    {"server/...", "."},
	"server/relay/postgrestest": {"server/...", "."},
	"internal/headless":         {"wasm/host", "wasm/syncer", "wire", "sqlite", "value"},
	"internal/sim":              {"wasm/...", "server/...", "internal/...", "."},
	"internal/sim/cmd":          {"internal/sim", "internal/ledger"},
}

// contracts are the packages that both ends run.
var contracts = []string{"value", "codec", "fault", "version", "schema", "query", "mutation", "changelog", "wire"}

// heavy are packages that must not reach the Worker's binary, with what they
// cost there (brotli 9, over an empty program; Go 1.26).
var heavy = map[string]string{
	"fmt":           "about 70 KB; use strconv and fault",
	"encoding/json": "150 to 200 KB; frames are package codec's",
	"log":           "about 80 KB; return errors",
	"log/slog":      "over 300 KB; return errors",
	"regexp":        "about 120 KB",
	"net/url":       "about 115 KB",
	"net/http":      "over 800 KB; the Worker's JavaScript owns sockets and fetches",
	"crypto/rand":   "about 50 KB; randomness is lent by the edge",
	"os":            "about 60 KB",
}
