package service

import (
	"encoding/json"
	"io/fs"

	"github.com/berthd/berth/internal/domain"
)

type runsFake struct{ *daemon }

func (d runsFake) Dir(u domain.UUID) string { return u.String() }

func (d runsFake) LastDir(u domain.UUID) string { return "last/" + u.String() }

func (d runsFake) Create(u domain.UUID) (string, error) {
	if err := d.call("runs.Create"); err != nil {
		return "", err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs[u] = SavedRun{Run: Run{UUID: u}, Err: fs.ErrNotExist}
	return u.String(), nil
}

func (d runsFake) Save(r Run) error {
	if err := d.call("runs.Save " + string(r.State)); err != nil {
		return err
	}
	note, err := written(r)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.runs[r.UUID] = SavedRun{Run: note}
	return nil
}

// written is what a file keeps of a note: nothing that only the daemon that saved it has, and no memory of that.
func written(r Run) (note Run, err error) {
	text, err := json.Marshal(&r)
	if err != nil {
		return Run{}, err
	}
	note.UUID, note.Others = r.UUID, r.Others
	return note, json.Unmarshal(text, &note)
}

func (d runsFake) Archive(u domain.UUID) error {
	err := d.call("runs.Archive")
	d.mu.Lock()
	defer d.mu.Unlock()
	if r, ok := d.runs[u]; ok {
		d.last[u] = r.Run
	}
	delete(d.runs, u)
	return err
}

func (d runsFake) Discard(u domain.UUID) error {
	err := d.call("runs.Discard")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.runs, u)
	return err
}

func (d runsFake) Forget(u domain.UUID) error {
	err := d.call("runs.Forget")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.runs, u)
	delete(d.last, u)
	return err
}

func (d runsFake) Load() (l []SavedRun, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, r := range d.runs {
		l = append(l, r)
	}
	return l, nil
}

func (d runsFake) Last(u domain.UUID) (Run, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r, ok := d.last[u]
	return r, ok, nil
}

func (d runsFake) LastOnes() (list []domain.UUID, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for u := range d.last {
		list = append(list, u)
	}
	return list, nil
}
