package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/doctor"
)

// TestDoctor: doctor prints each finding with its advice, as text or JSON, and fails if there is a problem. It calls no
// berthd.
func TestDoctor(t *testing.T) {
	t.Parallel()
	well := doctor.Finding{Check: "kernel", Level: doctor.OK, Text: "Linux 6.1"}
	note := doctor.Finding{Check: "fuse", Level: doctor.Note, Text: "there is no /dev/fuse", Advice: "modprobe fuse"}
	bad := doctor.Finding{Check: "run", Level: doctor.Problem, Text: "/run is full", Advice: "make room"}
	for name, tc := range map[string]struct {
		args     []string
		findings []doctor.Finding
		want     outcome
	}{
		"all well": {[]string{"doctor"}, []doctor.Finding{well}, outcome{out: "ok       kernel         Linux 6.1\n\n1 well, 0 notes, 0 problems\n"}},
		"a note": {[]string{"doctor"}, []doctor.Finding{well, note}, outcome{
			out: "ok       kernel         Linux 6.1\nnote     fuse           there is no /dev/fuse\n                     -> modprobe fuse\n\n1 well, 1 notes, 0 problems\n",
		}},
		"a problem, quiet": {[]string{"doctor", "-q"}, []doctor.Finding{well, bad}, outcome{
			out: "problem  run            /run is full\n                     -> make room\n", status: 1,
		}},
		"JSON": {[]string{"doctor", "--json"}, []doctor.Finding{well, bad}, outcome{
			out: `[{"check":"kernel","level":"ok","text":"Linux 6.1"},{"check":"run","level":"problem","text":"/run is full","advice":"make room"}]` + "\n", status: 1,
		}},
		"an operand": {[]string{"doctor", "x"}, nil, outcome{status: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(fleet())
			cfg.Connect = func(context.Context) (Daemon, error) {
				t.Error("it connects to berthd")
				return fleet(), nil
			}
			cfg.Examine = func(context.Context) []doctor.Finding { return tc.findings }
			got := runWith(t.Context(), cfg, tc.args...)
			if strings.HasPrefix(name, "an operand") {
				got.err = ""
			}
			if name == "JSON" {
				got.out = strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(got.out) + "\n"
			}
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
