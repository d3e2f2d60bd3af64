//go:build nest

package main

import (
	"encoding/json"
	"errors"
	"os/exec"
	"testing"
)

// TestLikeLibvirt: Debian's libvirt and Berth give the same answers to every document of the tests, but for differences
// that the manual gives a reason for.
func TestLikeLibvirt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	out, err := exec.Command("../../bin/compare", "-json", "-top", "../..", "-libvirt", "../../bin/libvirt").Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		t.Fatalf("compare: %v: %s", err, out)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, d := range r.Documents {
		count[d.Result]++
		count[kind(d.Document)]++
		for _, e := range d.Differences {
			if e.Row == "" {
				t.Errorf("%s: libvirt alone has %q, and Berth alone %q; change Berth, or give it a reason in %s", d.Document, e.Libvirt, e.Berth, reasonsFile)
			}
		}
	}
	for _, u := range r.Unused {
		t.Errorf("%s explains nothing", u)
	}
	if (err != nil) != t.Failed() {
		t.Errorf("the status of compare is %v", err)
	}
	// Two programs that refuse everything would agree, too.
	if r.Versions.Libvirt == "" || count[kindDomain] < 30 || count[kindNative] < 100 || count[same] < 20 || count[otherWords] < 20 {
		t.Errorf("libvirt %q, and so many documents: %v", r.Versions.Libvirt, count)
	}
}
