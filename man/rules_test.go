package man_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/berthd/berth/contract"
)

// TestRules: each example of polkit rules is described in berthd(8), names actions that exist, never the one that is as
// good as root, and keeps no authorization from one container for the others.
func TestRules(t *testing.T) {
	t.Parallel()
	section := strings.ReplaceAll(read(t, "berthd.8").part("RULES FOR USERS"), `\-`, "-")
	actions := []string{
		contract.ActionRead, contract.ActionMonitor, contract.ActionControl, contract.ActionConsole, contract.ActionExec, contract.ActionConnect,
	}
	files, err := filepath.Glob("../packaging/rules/*.rules")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(file); !strings.Contains(section, name) {
			t.Errorf("berthd(8) does not name %s", name)
		}
		named := regexp.MustCompile(`"(org\.berth1\.[^"]*)"`).FindAllStringSubmatch(string(text), -1)
		for _, action := range named {
			if !slices.Contains(actions, action[1]) {
				t.Errorf("%s: an example must not give %s", file, action[1])
			}
		}
		if strings.Contains(string(text), contract.ActionConnect) && !strings.Contains(string(text), `action.lookup("verb") == "Connect"`) {
			t.Errorf("%s gives %s without a look at the verb, and with it all that this implies", file, contract.ActionConnect)
		}
		if len(named) == 0 || strings.Contains(string(text), "_KEEP") {
			t.Errorf("%s has %d actions, or keeps authorizations", file, len(named))
		}
	}
}
