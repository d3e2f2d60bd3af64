//go:build nest

package launch_test

import (
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/berthd/berth/service"
)

// TestExecOfDying: a container ends while commands run in it and begin. The commands end with it, nobody hangs, and
// init's end is told as ever.
func TestExecOfDying(t *testing.T) {
	b := newBox(t, "echo ready; read x < /dev/console; exit 3")
	s := b.run(t)
	b.says(t, "ready")
	long, err := s.Exec(limited(t), sh("trap '' TERM; echo up; while :; do sleep 1; done"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, f := range long.Ends() {
			_ = f.Close()
		}
	}()
	reads(t, long.Ends()[1], "up\n")
	stop := make(chan struct{})
	var w sync.WaitGroup
	for range 4 {
		w.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if x, err := s.Exec(limited(t), sh("exit 0"), nil); err == nil {
					for _, f := range x.Ends() {
						_ = f.Close()
					}
				}
			}
		})
	}
	time.Sleep(20 * time.Millisecond)
	if err := syscall.Kill(int(s.Leader()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	end := over(t, s)
	close(stop)
	w.Wait()
	<-long.Over()
	if end != killed(syscall.SIGKILL) || long.Exit() != (service.Exit{Kind: service.ExitKilled, Code: 9}) {
		t.Errorf("%v, %v", end, long.Exit())
	}
	if _, err := s.Exec(limited(t), sh("exit 0"), nil); err == nil {
		t.Error("a command in a container that is gone")
	}
}

// TestExecSoon: a caller who waits hears of the begin and the end of a short command at once, and the supervisor
// forgets it. A command that goes on is as any other one.
func TestExecSoon(t *testing.T) {
	b := newBox(t, "echo ready; exec sleep 1000")
	s := b.run(t)
	b.says(t, "ready")
	start := func(script string) service.Execution {
		command := sh(script)
		command.Soon = true
		x, err := s.Exec(limited(t), command, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range x.Ends()[1:] {
			_ = f.Close()
		}
		return x
	}
	long := start("read x; exit 8")
	select {
	case <-long.Over():
		t.Errorf("it has not read, and ended with %v", long.Exit())
	default:
	}
	for range 50 { // on a busy machine one may take longer
		x := start("exit 7")
		_ = x.Ends()[0].Close()
		<-x.Over()
		if x.Exit() != ended(7) {
			t.Errorf("ended: %v", x.Exit())
		}
		if err := x.Forget(); err != nil {
			t.Error(err)
		}
	}
	_ = s.ResizeConsole(limited(t), 0, service.Window{}) // with its answer, all that was said before has been heard
	leave(t, s)
	again, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if err != nil || presence != service.Alive {
		t.Fatal(presence, err)
	}
	defer leave(t, again)
	list := again.Executions()
	if len(list) != 1 || list[0].ID() != long.ID() {
		t.Fatalf("found %v", list)
	}
	_ = long.Ends()[0].Close()
	<-list[0].Over()
	if list[0].Exit() != ended(8) {
		t.Errorf("ended: %v", list[0].Exit())
	}
	if err := list[0].Forget(); err != nil {
		t.Error(err)
	}
}

// TestExecRestart: a command goes on when the daemon leaves. The next daemon gets it, its end, and that of one that has
// ended meanwhile.
func TestExecRestart(t *testing.T) {
	b := newBox(t, "echo ready; exec sleep 1000")
	s := b.run(t)
	b.says(t, "ready")
	start := func(script string) service.Execution {
		x, err := s.Exec(limited(t), sh(script), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range x.Ends()[1:] {
			_ = f.Close()
		}
		return x
	}
	running, ending := start("read x; exit 8"), start("read x; exit 9")
	leave(t, s)
	_ = ending.Ends()[0].Close()
	gone(t, ending.PID())
	again, presence, err := b.supervisors.Attach(limited(t), b.runDir)
	if err != nil || presence != service.Alive {
		t.Fatal(presence, err)
	}
	defer leave(t, again)
	found := map[uint32]service.Execution{}
	for _, x := range again.Executions() {
		found[x.ID()] = x
	}
	if len(found) != 2 || found[running.ID()].PID() != running.PID() || found[running.ID()].Name() != "sh" {
		t.Fatalf("found %v", found)
	}
	x := found[ending.ID()]
	<-x.Over() // who has reaped it may say so a moment later
	if x.Exit() != ended(9) {
		t.Errorf("ended meanwhile: %v", x.Exit())
	}
	_ = running.Ends()[0].Close()
	if x := found[running.ID()]; true {
		<-x.Over()
		if x.Exit() != ended(8) {
			t.Errorf("ended: %v", x.Exit())
		}
	}
	for _, x := range found {
		if err := x.Forget(); err != nil {
			t.Error(err)
		}
	}
}
