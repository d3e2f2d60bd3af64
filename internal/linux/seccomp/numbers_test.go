package seccomp

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestNumbers: each number is that of golang.org/x/sys for its architecture, and a call that one
// architecture is denied the other is denied, too.
func TestNumbers(t *testing.T) {
	t.Parallel()
	words, known := map[string][]string{"amd64": {"amd64", "386"}, "arm64": {"arm64", "arm"}}[runtime.GOARCH]
	if !known || len(words) != len(abis()) {
		t.Fatalf("%d architectures are known on %s", len(abis()), runtime.GOARCH)
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range abis() {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "unix", "zsysnum_linux_"+words[i]+".go"))
		if err != nil {
			t.Fatal(err)
		}
		numbers := map[string]string{}
		for _, m := range regexp.MustCompile(`\bSYS_(\w+)\s*=\s*(\d+)`).FindAllStringSubmatch(string(text), -1) {
			numbers[strings.ToLower(m[1])] = m[2]
		}
		for _, c := range append(a.calls, call{"socket", a.socket}, call{"ioctl", a.ioctl}) {
			if got := numbers[c.name]; got != strconv.FormatUint(uint64(c.number), 10) {
				t.Errorf("%s of %s is %d here, %q there", c.name, words[i], c.number, got)
			}
			delete(numbers, c.name)
		}
		// What one architecture can be denied and has, the other must be, too.
		for _, name := range names() {
			if number, has := numbers[name]; has {
				t.Errorf("%s has %s, number %s, which is not in its list", words[i], name, number)
			}
		}
	}
	if Known("no-such-call") || !Known("bpf") {
		t.Error("it knows what it should not, or not what it should")
	}
}
