package dbusapi

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

// fakeProcess is a command that has done all when it is executed, but ends by a signal; "true" ends at once.
type fakeProcess struct {
	snap service.Process
	over chan struct{}
	size [2]uint32
}

// Exec writes the command down on its output, which is stdio or a pipe.
func (f *fakeCore) Exec(ctx context.Context, u domain.UUID, c service.Command, stdio []*os.File) (service.Process, []*os.File, error) {
	if err := f.run(ctx, "exec", u); err != nil {
		return service.Process{}, nil, err
	}
	text := fmt.Sprintf("%s env=%s dir=%s user=%s group=%s %v %dx%d", strings.Join(c.Argv, " "), strings.Join(c.Env, ","), c.Dir, c.User, c.Group, c.Terminal, c.Rows, c.Columns)
	var ends []*os.File
	if len(stdio) > 0 {
		_, _ = stdio[1].WriteString(text)
	} else {
		// As the service: a terminal has one end.
		for range map[bool]int{true: 1, false: 3}[c.Terminal] {
			reader, writer, err := os.Pipe()
			if err != nil {
				return service.Process{}, nil, err
			}
			_, _ = writer.WriteString(text)
			_ = writer.Close()
			ends = append(ends, reader)
		}
	}
	f.mu.Lock()
	p := &fakeProcess{over: make(chan struct{})}
	if f.processes == nil {
		f.processes = map[service.ProcessKey]*fakeProcess{}
	}
	p.snap = service.Process{ProcessKey: service.ProcessKey{Container: u, Run: 41, ID: uint32(len(f.processes) + 1)}, PID: 77, Command: c.Argv[0]}
	f.processes[p.snap.ProcessKey] = p
	if c.Argv[0] == "true" {
		p.snap.Over, p.snap.Exit = true, service.Exit{Kind: service.ExitExited}
		close(p.over)
	}
	if p.snap.Over && c.Soon {
		delete(f.processes, p.snap.ProcessKey)
	}
	f.mu.Unlock()
	if p.snap.Over && c.Soon {
		return p.snap, ends, nil
	}
	f.signals.ProcessChanged(nil, &p.snap)
	return p.snap, ends, nil
}

func (f *fakeCore) Namespaces(ctx context.Context, u domain.UUID, kinds []string) (files []*os.File, err error) {
	for range kinds {
		one, err := f.LeaderPIDFD(ctx, u)
		if err != nil {
			return nil, err
		}
		files = append(files, one)
	}
	return files, nil
}

func (f *fakeCore) LeaderPIDFD(_ context.Context, u domain.UUID) (*os.File, error) {
	if err := f.run(context.Background(), "open", u); err != nil {
		return nil, err
	}
	return os.Open(os.DevNull)
}

func (f *fakeCore) SignalInside(_ context.Context, _ domain.UUID, pid uint32, sig syscall.Signal) error {
	if pid > 2 {
		return service.ErrNoProcess
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signalled = append(f.signalled, sig)
	return nil
}

// toInit returns the signals that init was sent.
func (f *fakeCore) toInit() []syscall.Signal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.signalled)
}

// sizeOf returns the size of a command's terminal.
func (f *fakeCore) sizeOf(key service.ProcessKey) [2]uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.processes[key].size
}

func (f *fakeCore) process(key service.ProcessKey) (*fakeProcess, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.processes[key]; p != nil {
		return p, nil
	}
	return nil, service.ErrNoProcess
}

func (f *fakeCore) Process(key service.ProcessKey) (service.Process, error) {
	p, err := f.process(key)
	if err != nil {
		return service.Process{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return p.snap, nil
}

func (f *fakeCore) Processes() []service.Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []service.Process
	for _, p := range slices.Collect(maps.Values(f.processes)) {
		list = append(list, p.snap)
	}
	return list
}

func (f *fakeCore) WaitProcess(ctx context.Context, key service.ProcessKey) (service.Process, error) {
	p, err := f.process(key)
	if err != nil {
		return service.Process{}, err
	}
	select {
	case <-p.over:
	case <-ctx.Done():
		return service.Process{}, context.Cause(ctx)
	}
	f.mu.Lock()
	delete(f.processes, key)
	f.mu.Unlock()
	f.signals.ProcessChanged(&p.snap, nil)
	return p.snap, nil
}

func (f *fakeCore) SignalProcess(key service.ProcessKey, sig syscall.Signal) error {
	p, err := f.process(key)
	if err != nil {
		return err
	}
	f.mu.Lock()
	before := p.snap
	p.snap.Over, p.snap.Exit = true, service.Exit{Kind: service.ExitKilled, Code: int32(sig)}
	after := p.snap
	f.mu.Unlock()
	f.signals.ProcessChanged(&before, &after)
	close(p.over)
	return nil
}

func (f *fakeCore) ResizeProcess(key service.ProcessKey, rows, columns uint32) error {
	p, err := f.process(key)
	if err == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		p.size = [2]uint32{rows, columns}
	}
	return err
}
