package arch

import (
	"path"
	"path/filepath"
	"testing"
)

func TestBridge(t *testing.T) {
	t.Parallel()
	scripts, err := loadScripts(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(scripts) < 50 {
		t.Fatalf("only %d TypeScript files were found", len(scripts))
	}
	for _, b := range checkBridge(scripts) {
		t.Error(b)
	}
}

func TestBridgeNoticesABreach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, text string }{
		{"bridge/client/src/x.ts", "import { a } from '@rockpool/kysely'\n"},
		{"bridge/client/src/x.ts", "import { a } from '../../prisma/src/a.ts'\n"},
		{"bridge/client/src/deep/x.ts", "const a = await import('../../../drizzle/src/a.ts')\n"},
		{"bridge/kysely/src/x.ts", "import type { a } from '@rockpool/worker/link'\n"},
		{"bridge/newcomer/src/x.ts", "\n"},
	} {
		if got := checkBridge([]file{{path: c.path, pkg: path.Dir(c.path), text: c.text}}); len(got) != 1 {
			t.Errorf("%s with %q: %d breaches, want 1", c.path, c.text, len(got))
		}
	}
	fine := file{path: "bridge/kysely/src/x.ts", pkg: "bridge/kysely/src", text: "import { a } from '@rockpool/client/statements'\nimport './y.ts'\n"}
	if got := checkBridge([]file{fine}); len(got) != 0 {
		t.Errorf("an allowed import gives %q", got)
	}
}
