package config_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"rockpool.dev/server/config"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// The configurations in the README and in the relay's guide are read as they
// stand, and the guide has every field that there is.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../README.md", "../../docs/relay.md"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		blocks := yamlBlock.FindAllStringSubmatch(string(text), -1)
		if len(blocks) == 0 {
			t.Errorf("%s has no configuration", path)
		}
		for _, b := range blocks {
			if _, err := config.Parse([]byte(b[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if strings.HasSuffix(path, "relay.md") {
				for _, f := range fields(reflect.TypeFor[config.Config]()) {
					if !regexp.MustCompile(`(?m)\b` + f + `:`).MatchString(b[1]) {
						t.Errorf("%s does not show %s", path, f)
					}
				}
			}
		}
	}
}

// fields lists the YAML names of a type's fields, at every depth.
func fields(of reflect.Type) (names []string) {
	for of.Kind() == reflect.Map {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct {
		return nil
	}
	for i := range of.NumField() {
		f := of.Field(i)
		if name := f.Tag.Get("yaml"); name != "" {
			names = append(append(names, name), fields(f.Type)...)
		}
	}
	return names
}
