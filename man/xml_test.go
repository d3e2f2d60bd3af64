package man_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestElementsAreDocumented: berth-xml(5) names each element and attribute that is served, and says
// which are not served yet.
func TestElementsAreDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, "berth-xml.5")
	served, missing := page.part("ELEMENTS"), page.part("NOT SUPPORTED")
	schema := source(t, "schema.go")
	gates := gated(t, schema)

	for path := range gates {
		element, attribute, _ := strings.Cut(path, "@")
		if tag := "<" + last(element); !strings.Contains(missing, ".B "+tag+">\n") && !strings.Contains(missing, ".B "+tag+" "+attribute+"=") {
			t.Errorf("%s is not served, and the page does not say so", path)
		}
	}
	for _, tag := range tags(missing) {
		name, _, _ := strings.Cut(strings.Trim(tag, "<>"), " ")
		found := false
		for path := range gates {
			element, _, _ := strings.Cut(path, "@")
			found = found || last(element) == name
		}
		if !found {
			t.Errorf("the page says that <%s> is not served, and it is", name)
		}
	}

	lines := regexp.MustCompile("(?s)schemaText = `\n(.*?)`").FindStringSubmatch(schema)
	if lines == nil {
		t.Fatal("no schema")
	}
	for line := range strings.Lines(lines[1]) {
		fields := strings.Fields(line)
		path := strings.TrimSuffix(fields[0], "+")
		if isGated(gates, path) {
			continue
		}
		if !regexp.MustCompile(`<` + last(path) + `\b`).MatchString(served) {
			t.Errorf("<%s> is served, and not in the page", last(path))
		}
		for _, word := range fields[1:] {
			word = strings.TrimRight(word, "#!")
			if ofForeignType(path, word) || isGated(gates, path+"@"+word) && word != "type" {
				continue
			}
			switch word {
			case "text", "number", "any", "caps":
			default:
				if !regexp.MustCompile(`\b` + word + `\b`).MatchString(served) {
					t.Errorf("the attribute %s of <%s> is served, and not in the page", word, last(path))
				}
			}
		}
	}
}

// ofForeignType: these attributes belong to types of file systems that no container can have.
func ofForeignType(path, attribute string) bool {
	return path == "domain/devices/filesystem/source" && slices.Contains([]string{"name", "pool", "volume"}, attribute)
}

// TestExtensionNamespaceIsDocumented: berth-xml(5) names the namespace of the extension elements.
func TestExtensionNamespaceIsDocumented(t *testing.T) {
	t.Parallel()
	m := regexp.MustCompile(`berthNamespace += "([^"]+)"`).FindStringSubmatch(source(t, "walk.go"))
	if m == nil || !strings.Contains(read(t, "berth-xml.5").part("EXTENSION NAMESPACE"), m[1]) {
		t.Errorf("the page does not name %v", m)
	}
}

func source(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "internal", "domain", file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// gated are the paths that are understood but not served.
func gated(t *testing.T, schema string) map[string]bool {
	t.Helper()
	_, body, ok := strings.Cut(schema, "func notYetSupported() map[string]string {")
	if !ok {
		t.Fatal("no list of what is not served")
	}
	body, _, _ = strings.Cut(body, "\n}\n")
	paths := map[string]bool{}
	for _, m := range regexp.MustCompile(`"(domain/[^"]+)":`).FindAllStringSubmatch(body, -1) {
		paths[m[1]] = true
	}
	return paths
}

func isGated(gates map[string]bool, path string) bool {
	for gate := range gates {
		if path == gate || strings.HasPrefix(path, gate+"/") {
			return true
		}
	}
	return false
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
