package service

import "github.com/berthd/berth/internal/domain"

func (d runsFake) MakeRoom(u domain.UUID) error {
	if err := d.call("runs.MakeRoom"); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.last, u)
	return nil
}
