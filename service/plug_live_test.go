package service

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berthd/berth/internal/domain"
)

const (
	disk = "<disk type='file'><source file='/c.img'/><target dev='vdc'/></disk>"
	rtc  = "<hostdev mode='capabilities' type='misc'><source><char>/dev/rtc0</char></source></hostdev>"
)

// withDisk gives a service with a container that runs with devices.
func withDisk(t *testing.T, w *world) (*Service, domain.UUID) {
	t.Helper()
	s := w.service(t)
	u := defineWith(t, s, withDevices)
	if err := s.Start(context.Background(), u); err != nil {
		t.Fatal(err)
	}
	return s, u
}

// TestPlug: a running container gets a disk and loses it, with its node, its permission and its loop device, as the
// options say. The live XML, the note, the signals and the audit log tell so, a later daemon can go on, and the names
// of other devices stay.
func TestPlug(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, tc := range map[string]struct {
		o            TuneOptions
		live, stored bool
	}{
		"live": {TuneOptions{Live: true}, true, false}, "config": {TuneOptions{Config: true}, false, true},
		"both": {TuneOptions{Live: true, Config: true}, true, true}, "current": {TuneOptions{}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				s, u := withDisk(t, w)
				before := w.plugged()
				w.takeAudit()
				w.takeEvents()
				if err := s.AttachDevice(ctx, u, []byte(disk), tc.o); err != nil {
					t.Fatal(err)
				}
				list := w.plugged()
				for _, want := range []string{"/dev/block/7:2 rwm", "held disk2 disk", "node /dev/vdc 7:2"} {
					if slices.Contains(list, want) != tc.live {
						t.Errorf("%s is in %q", want, list)
					}
				}
				live, _ := s.XML(u, false)
				stored, _ := s.XML(u, true)
				if strings.Contains(live, "<alias name='disk2'/>") != tc.live || strings.Contains(stored, "/c.img") != tc.stored {
					t.Errorf("%s\n%s", live, stored)
				}
				if snap, _ := s.ByUUID(u); snap.Updated != (tc.live != tc.stored) {
					t.Errorf("updated is %v", snap.Updated)
				}
				wantEvents, wantAudit := []string(nil), []string(nil)
				if tc.live {
					wantEvents, wantAudit = []string{"device +disk2"}, []string{"attach web def=true"}
				}
				if diff := cmp.Diff(wantEvents, slices.DeleteFunc(w.takeEvents(), func(e string) bool { return !strings.HasPrefix(e, "device") })); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(wantAudit, w.takeAudit()); diff != "" {
					t.Error(diff)
				}
				w.kill(s)
				s = next(t, w)
				if again, _ := s.XML(u, false); again != live {
					t.Errorf("a later daemon: %s", cmp.Diff(live, again))
				}
				if err := s.DetachDevice(ctx, u, []byte(disk), tc.o); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(before, withoutNames(w.plugged())); diff != "" {
					t.Errorf("before (-), after (+):\n%s", diff)
				}
				if err := s.Destroy(ctx, u); err != nil || len(w.left()) > 0 {
					t.Errorf("%v, left %q", err, w.left())
				}
			})
		})
	}
}

// withoutNames takes the names out of the note that it has once devices came and went.
func withoutNames(list []string) []string {
	for i, text := range list {
		var lines []string
		for line := range strings.Lines(text) {
			if !strings.Contains(line, "<alias name='") {
				lines = append(lines, line)
			}
		}
		list[i] = strings.Join(lines, "")
	}
	return list
}

// TestPlugFails: a change that fails at any call or point changes nothing, and the next one succeeds.
func TestPlugFails(t *testing.T) {
	t.Parallel()
	ctx, both := context.Background(), TuneOptions{Live: true, Config: true}
	for what, change := range changes(both) {
		for _, fault := range []string{
			"devices.Find", "disks.Attach", "supervisor.HoldDisk", "scopes.AllowDevice", "supervisor.MakeNode", "definitions.Save", "runs.Save running",
			"supervisor.RemoveNode", "supervisor.LetGo", "supervisor.OpenSource", "supervisor.Exists", "supervisor.HoldSource",
			"supervisor.Mount", "supervisor.Unmount", "disks.MountOne", "point source", "point mount", "point image", "point permission", "point node", "point definition", "point state",
		} {
			t.Run(what+" "+fault, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				s, u := withDisk(t, w)
				if err := errors.Join(s.AttachDevice(ctx, u, []byte(disk), both), s.AttachDevice(ctx, u, []byte(logs), both)); err != nil {
					t.Fatal(err)
				}
				before := w.plugged()
				point, isPoint := strings.CutPrefix(fault, "point ")
				failed := false // once, so that the way back can succeed
				if isPoint {
					s.Reached = func(at string) error {
						if strings.HasSuffix(at, " "+point) && !failed {
							failed = true
							return errFault
						}
						return nil
					}
				} else {
					w.fault = fault
					w.onCall(fault, func() {
						w.mu.Lock()
						defer w.mu.Unlock()
						w.fault, failed = "", true
					})
				}
				err := change(s, u)
				if !failed {
					return // this change has no such step
				}
				if err == nil || !errors.Is(err, errFault) && !strings.Contains(err.Error(), "fault") {
					t.Errorf("%v", err)
				}
				if diff := cmp.Diff(before, w.plugged()); diff != "" {
					t.Errorf("before (-), after (+):\n%s", diff)
				}
				w.fault, s.Reached = "", nil
				if err := change(s, u); err != nil {
					t.Errorf("again: %v", err)
				}
			})
		}
	}
}

// changes are some that a container with the disk of TestPlug can have.
func changes(o TuneOptions) map[string]func(*Service, domain.UUID) error {
	ctx := context.Background()
	return map[string]func(*Service, domain.UUID) error{
		"attach": func(s *Service, u domain.UUID) error {
			return s.AttachDevice(ctx, u, []byte(diskD), o)
		},
		"attach hostdev":    func(s *Service, u domain.UUID) error { return s.AttachDevice(ctx, u, []byte(rtc), o) },
		"attach filesystem": func(s *Service, u domain.UUID) error { return s.AttachDevice(ctx, u, []byte(data), o) },
		"attach image":      func(s *Service, u domain.UUID) error { return s.AttachDevice(ctx, u, []byte(imageFS), o) },
		"detach filesystem": func(s *Service, u domain.UUID) error { return s.DetachDevice(ctx, u, []byte(logs), o) },
		"detach":            func(s *Service, u domain.UUID) error { return s.DetachDevice(ctx, u, []byte(disk), o) },
		"detach hostdev":    func(s *Service, u domain.UUID) error { return s.DetachDeviceAlias(ctx, u, "hostdev0", o) },
	}
}

// logs is what the container has got before.
const (
	data    = "<filesystem type='mount'><source dir='/srv/data'/><target dir='/data'/></filesystem>"
	logs    = "<filesystem type='mount'><source dir='/srv/logs'/><target dir='/logs'/></filesystem>"
	imageFS = "<filesystem type='file'><source file='/srv/a.img'/><target dir='/image'/></filesystem>"
)

const diskD = "<disk type='file'><source file='/d.img'/><target dev='vdd'/></disk>"

// TestDaemonDiesWhilePlugging: after a daemon that is killed between any two steps, the next one has either the whole
// device or nothing of it: what was being attached is gone, and so is what was being detached.
func TestDaemonDiesWhilePlugging(t *testing.T) {
	t.Parallel()
	ctx, both := context.Background(), TuneOptions{Live: true, Config: true}
	for what, change := range changes(both) {
		steps := []string{"image", "permission", "node", "definition", "state"}
		if strings.HasSuffix(what, "filesystem") || what == "attach image" {
			steps = []string{"source", "mount", "definition", "state"}
		}
		for _, point := range steps {
			t.Run(what+" "+point, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					s, u := withDisk(t, w)
					if err := errors.Join(s.AttachDevice(ctx, u, []byte(disk), both), s.AttachDevice(ctx, u, []byte(logs), both)); err != nil {
						t.Fatal(err)
					}
					want := w.plugged()
					if strings.HasPrefix(what, "detach") {
						twin := newWorld()
						other, v := withDisk(t, twin)
						if err := errors.Join(other.AttachDevice(ctx, v, []byte(disk), both), other.AttachDevice(ctx, v, []byte(logs), both), change(other, v)); err != nil {
							t.Fatal(err)
						}
						want = twin.plugged()
						if err := other.Destroy(ctx, v); err != nil {
							t.Fatal(err)
						}
					}
					died := false
					s.Reached = func(at string) error {
						if _, name, _ := strings.Cut(at, " "); name == point {
							died = true
							w.kill(s)
							runtime.Goexit()
						}
						return nil
					}
					over := make(chan struct{})
					go func() {
						defer close(over)
						_ = change(s, u)
					}()
					<-over
					if !died {
						t.Fatal("there is no such point")
					}
					s = next(t, w)
					if diff := cmp.Diff(want, w.plugged()); diff != "" {
						t.Errorf("want (-), is (+):\n%s", diff)
					}
					if strings.HasPrefix(what, "attach") {
						if err := change(s, u); err != nil {
							t.Errorf("again: %v", err)
						}
					}
					if err := s.Destroy(ctx, u); err != nil || len(w.left()) > 0 {
						t.Errorf("%v, left %q", err, w.left())
					}
				})
			})
		}
	}
}

// TestPlugRefused: what a running container cannot get or lose is refused with the element, before anything is done.
func TestPlugRefused(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld()
	s, u := withDisk(t, w)
	before := w.plugged()
	o := TuneOptions{Live: true}
	for xml, want := range map[string]string{
		"<filesystem type='block'><source dev='/dev/x'/><target dir='/'/></filesystem>":              "filesystem/target@dir: the root of a running container cannot change",
		"<disk><source file='/x.img'/><target dev='vda'/></disk>":                                    "disk/target@dev: the container's /dev/vda is taken",
		"<hostdev mode='capabilities' type='misc'><source><char>/dev/none</char></source></hostdev>": "hostdev/source/char: the host has no device /dev/none",
	} {
		err := s.AttachDevice(ctx, u, []byte(xml), o)
		if _, ok := errors.AsType[*domain.Error](err); !ok || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", xml, err, want)
		}
	}
	for alias, want := range map[string]string{"disk9": "alias 'disk9': the container has no device with this alias"} {
		if err := s.DetachDeviceAlias(ctx, u, alias, o); err == nil || err.Error() != want {
			t.Errorf("%s: %v", alias, err)
		}
	}
	if err := s.UpdateDevice(ctx, u, []byte(strings.Replace(withDevices[:strings.Index(withDevices, "</disk>")], "/a", "/z", 1)+"</disk>"), o); err == nil || !strings.HasPrefix(err.Error(), "disk: it cannot change while the container runs") {
		t.Errorf("update: %v", err)
	}
	if diff := cmp.Diff(before, w.plugged()); diff != "" {
		t.Error(diff)
	}
	plain := newWorld()
	s, u = running(t, plain)
	if err := s.AttachDevice(ctx, u, []byte(disk), o); err == nil || !strings.HasPrefix(err.Error(), "disk@type: a running container can get a disk of type 'file' only if it had one") {
		t.Errorf("without the filter: %v", err)
	}
}

// TestPlugUnsettled: a change that can be neither made nor undone is ended before the next one.
func TestPlugUnsettled(t *testing.T) {
	t.Parallel()
	ctx, o := context.Background(), TuneOptions{Live: true}
	w := newWorld()
	s, u := withDisk(t, w)
	before := w.plugged()
	w.fault = "scopes.AllowDevice" // on the way back, too
	if err := s.AttachDevice(ctx, u, []byte(disk), o); err == nil || w.runs[u].Run.Plug == nil {
		t.Fatalf("%v, note %+v", err, w.runs[u].Run.Plug)
	}
	if err := s.DetachDeviceAlias(ctx, u, "disk0", o); !errors.Is(err, errUnsettled) {
		t.Errorf("%v", err)
	}
	w.fault = ""
	if err := errors.Join(s.AttachDevice(ctx, u, []byte(rtc), o), s.DetachDevice(ctx, u, []byte(rtc), o)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, withoutNames(w.plugged())); diff != "" {
		t.Error(diff)
	}
}

// TestSharedNumbers: a device that the container has twice stays allowed until it loses both.
func TestSharedNumbers(t *testing.T) {
	t.Parallel()
	ctx, o := context.Background(), TuneOptions{Live: true}
	w := newWorld()
	s, u := withDisk(t, w) // the fake's devices all have one number
	for i, do := range []func() error{
		func() error { return s.AttachDevice(ctx, u, []byte(rtc), o) },
		func() error { return s.DetachDevice(ctx, u, []byte(rtc), o) },
		func() error { return s.DetachDeviceAlias(ctx, u, "hostdev0", o) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
		if slices.Contains(w.plugged(), "/dev/char/10:200 rwm") != (i < 2) {
			t.Errorf("%d: %q", i, w.plugged())
		}
	}
}
