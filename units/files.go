package units

import (
	"io"
	"time"
)

// unitFiles has the files of transient units (systemd.unit(5)).
const unitFiles = "/run/systemd/transient"

// WatchFiles has the client watch the files of transient units, from the first start of a scope on: systemd makes their
// directory for the first unit. watch calls removed with the name of each file that leaves the directory.
//
// systemd removes the file of a unit when it unloads the unit, and then says so. Before that comes to us, systemd tells
// the bus of all that has changed, and the bus tells others. Whatever systemd is asked after the removal, it answers
// when the unit is unloaded: it does one thing after the other. A reload removes no file. Without the watch
// the signal has to do.
func (c *Client) WatchFiles(watch func(dir string, removed func(name string)) (io.Closer, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watchDir = watch
}

// watchFiles begins the watch unless it has begun.
func (c *Client) watchFiles() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files != nil || c.watchDir == nil {
		return
	}
	if files, err := c.watchDir(unitFiles, c.fileRemoved); err == nil {
		c.files = files
	}
}

func (c *Client) fileRemoved(unit string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ours := c.started[unit]; ours != nil && time.Since(ours.at) >= settled { // before, it is the file of an earlier unit
		ours.unloading = true
		c.tell(unit, notice{kind: fileGone})
	}
}

// lose says that the connection is gone.
func (c *Client) lose() {
	close(c.lost)
	c.mu.Lock()
	files, dropIns := c.files, c.dropIns
	c.watchDir, c.watchSet = nil, nil
	c.mu.Unlock()
	for _, watch := range []io.Closer{files, dropIns} {
		if watch != nil {
			_ = watch.Close()
		}
	}
}
