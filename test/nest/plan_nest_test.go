//go:build nest

package nest

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlan: "berthctl plan" lists the mounts and init's command of a start, and starts nothing.
func TestPlan(t *testing.T) {
	clean(t)
	guest{
		Name: "web", Root: busybox(t), Init: "/bin/sleep", Args: "<initarg>1000</initarg>",
		Devs: "<filesystem type='ram'><source usage='8' units='MiB'/><target dir='/scratch'/></filesystem>",
	}.define(t)
	var plan struct {
		Mounts, Filesystems []struct{ Target string }
		CGroup              struct{ Target string }
		ReadOnly            []string `json:"readonly_paths"`
		Masked              []string `json:"masked_paths"`
		Init                struct{ Args []string }
	}
	if err := json.Unmarshal([]byte(run(t, "berthctl", "plan", "web")), &plan); err != nil {
		t.Fatal(err)
	}
	if got := machines(t); len(got) > 0 {
		t.Errorf("to ask starts nothing: %v", got)
	}
	want := []string{"/"}
	for _, m := range append(plan.Mounts, append(plan.Filesystems, plan.CGroup)...) {
		want = append(want, m.Target)
	}
	for _, path := range slices.Concat(plan.ReadOnly, plan.Masked) {
		if inKernel(path) {
			want = append(want, path)
		}
	}
	run(t, "berthctl", "start", "web")
	leader := "/proc/" + pidOf(info(t, "web").Leader)
	text, err := os.ReadFile(leader + "/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(string(text)) {
		if at := strings.Fields(line)[4]; at != "/dev/console" && at != "/dev/pts/ptmx" {
			got = append(got, at)
		}
	}
	slices.Sort(want) // mountinfo has them in the order in which the kernel made them
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mounts: -plan +container\n%s", diff)
	}
	cmdline, err := os.ReadFile(leader + "/cmdline")
	if got := strings.Split(strings.TrimSuffix(string(cmdline), "\x00"), "\x00"); err != nil || cmp.Diff(plan.Init.Args, got) != "" {
		t.Errorf("init runs %q, %v; the plan has %q", got, err, plan.Init.Args)
	}
}
