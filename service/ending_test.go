package service

import (
	"errors"
	"strings"
	"testing"

	"github.com/berthd/berth/internal/domain"
)

// TestSetAction: the action upon an end is changed in the definition that is meant, and refused where the end cannot
// have it.
func TestSetAction(t *testing.T) {
	t.Parallel()
	w := newWorld()
	s, u := running(t, w)
	has := func(inactive bool, line string) {
		t.Helper()
		text, err := s.XML(u, inactive)
		if err != nil || !strings.Contains(text, line) {
			t.Errorf("inactive %t: no %s, %v, in\n%s", inactive, line, err, text)
		}
	}
	if err := s.SetAction(t.Context(), u, domain.EndingPoweroff, domain.ActionRestart, TuneOptions{}); err != nil {
		t.Fatal(err)
	}
	has(false, "<on_poweroff>restart</on_poweroff>")
	has(true, "<on_poweroff>destroy</on_poweroff>")
	if err := s.SetAction(t.Context(), u, domain.EndingCrash, domain.ActionPreserve, TuneOptions{Live: true, Config: true}); err != nil {
		t.Fatal(err)
	}
	has(false, "<on_crash>preserve</on_crash>")
	has(true, "<on_crash>preserve</on_crash>")
	err := s.SetAction(t.Context(), u, domain.EndingReboot, domain.ActionCoredumpDestroy, TuneOptions{Config: true})
	if e, is := errors.AsType[*domain.Error](err); !is || e.Element != "domain/on_reboot" {
		t.Errorf("coredump-destroy upon a reboot: %v", err)
	}
	s, announce := again(t, w)
	announce()
	text, err := s.XML(u, false)
	if err != nil || !strings.Contains(text, "<on_poweroff>restart</on_poweroff>") {
		t.Errorf("the next daemon: %v\n%s", err, text)
	}
}
