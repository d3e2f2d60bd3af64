package contract

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestCatalog: each message has one text in the catalog, and the catalog has no others.
func TestCatalog(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("messages.go")
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := os.ReadFile("../packaging/berth.catalog")
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`"([0-9a-f]{32})"`).FindAllStringSubmatch(string(source), -1) {
		if ids[m[1]] {
			t.Errorf("%s is the id of two messages", m[1])
		}
		ids[m[1]] = true
	}
	texts := regexp.MustCompile(`(?m)^-- ([0-9a-f]{32})\nSubject: .+\n`).FindAllStringSubmatch(string(catalog), -1)
	for _, m := range texts {
		if !ids[m[1]] {
			t.Errorf("the catalog has a text for %s, which is no message's", m[1])
		}
		delete(ids, m[1])
	}
	if len(ids) > 0 || len(texts) == 0 || len(texts) != strings.Count(string(catalog), "\n-- ") {
		t.Errorf("%d texts; messages without one: %v", len(texts), ids)
	}
}
