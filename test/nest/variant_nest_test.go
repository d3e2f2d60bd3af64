//go:build nest

package nest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

const (
	// The file that tells the daemon with fault points where it is to die or fail.
	faultFile = "/run/berth-fault"
	// The drop-in that puts another version in the daemon's place.
	variantFile = "/run/systemd/system/berthd.service.d/50-variant.conf"
)

// become puts another version in the daemon's place, as an upgrade does, and restarts it. "" is the installed
// one. The program of the supervisors that it starts is beside it, if there is one.
func become(t testing.TB, program string) {
	t.Helper()
	if program == "" {
		if err := os.Remove(variantFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	} else {
		program, err := filepath.Abs(filepath.Join("../..", program))
		if err != nil {
			t.Fatal(err)
		}
		text := "[Service]\nEnvironment=BERTH_FAULT=" + faultFile + "\nExecStart=\nExecStart=" + program
		if supervisor := filepath.Join(filepath.Dir(program), "berth-supervisor"); exists(supervisor) {
			text += " -supervisor " + supervisor
		}
		if err := os.MkdirAll(filepath.Dir(variantFile), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(variantFile, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "systemctl", "daemon-reload")
	run(t, "systemctl", "restart", "berthd")
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// variant is become for the time of one test.
func variant(t testing.TB, program string) {
	t.Helper()
	t.Cleanup(func() {
		_ = os.Remove(faultFile)
		become(t, "")
	})
	become(t, program)
}
