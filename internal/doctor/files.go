package doctor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/berthd/berth/internal/idrange"
)

// configuration checks berth.conf and its drop-ins.
func configuration(h *Host) (found []Finding) {
	_, mistakes := h.settings()
	for _, m := range mistakes {
		found = append(found, problem(m, "correct the line; berth.conf(5) has the keys"))
	}
	return or(found, "no mistakes")
}

// ids checks that nobody else has ids of those that containers get.
func ids(h *Host) (found []Finding) {
	c, _ := h.settings()
	const advice = "set IDRange= in /etc/berth/berth.conf to ids that nobody has"
	for _, file := range []string{"etc/subuid", "etc/subgid"} {
		for line := range strings.Lines(h.text(file)) {
			words := strings.Split(strings.TrimSpace(line), ":")
			if len(words) != 3 {
				continue
			}
			first, err := strconv.ParseUint(words[1], 10, 32)
			count, err2 := strconv.ParseUint(words[2], 10, 32)
			last := min(first+count-1, 1<<32-1)
			if err == nil && err2 == nil && count > 0 && c.IDRange.Overlaps(idrange.Span{First: uint32(first), Last: uint32(last)}) {
				found = append(found, note(fmt.Sprintf("/%s gives %s the ids %d to %d, which containers can get too", file, words[0], first, last), advice))
			}
		}
	}
	for _, file := range []string{"etc/passwd", "etc/group"} {
		for line := range strings.Lines(h.text(file)) {
			words := strings.Split(line, ":")
			if len(words) < 4 {
				continue
			}
			id, err := strconv.ParseUint(words[2], 10, 32)
			if n := uint32(id); err == nil && c.IDRange.Overlaps(idrange.Span{First: n, Last: n}) {
				found = append(found, problem(fmt.Sprintf("%s of /%s has the id %d, which a container can get too", words[0], file, n), advice))
			}
		}
	}
	return or(found, "containers get ids of "+c.IDRange.String())
}

// runSpace checks /run: the notes of containers and the consoles are there.
func runSpace(h *Host) (found []Finding) {
	if types, known := h.mounts(); known && types["/run"] != "tmpfs" {
		found = append(found, problem("/run is no tmpfs: the state of containers would outlive a restart of the host", "mount a tmpfs there, as systemd does"))
	}
	s, err := h.Free("/run")
	const least, advice = 16 << 20, "look for large files there: du -xh /run | sort -h"
	switch {
	case err != nil:
		found = append(found, note("the space of /run is not known: "+err.Error(), ""))
	case s.Free < least || s.Free < s.Total/50:
		found = append(found, problem(fmt.Sprintf("/run has only %d MiB left: containers cannot start", s.Free>>20), advice))
	case s.Files > 0 && s.FreeFiles < 1000:
		found = append(found, problem(fmt.Sprintf("/run has only %d files left: containers cannot start", s.FreeFiles), advice))
	}
	return or(found, fmt.Sprintf("/run has %d MiB left", s.Free>>20))
}

// leftovers looks for what was left behind: by a berthd that was killed, and by definitions that could not be read.
func leftovers(h *Host) (found []Finding) {
	for _, dir := range []string{"run/berth", "etc/berth/containers"} {
		if _, err := fs.ReadDir(h.Files, dir); errors.Is(err, fs.ErrPermission) {
			return ok("only root can look for them")
		}
	}
	damaged, _ := fs.Glob(h.Files, "etc/berth/containers/*.damaged*")
	for _, file := range damaged {
		found = append(found, note("/"+file+" is a definition that could not be read", "define the container anew from it, and remove the file"))
	}
	runs, _ := fs.Glob(h.Files, "run/berth/live/*")
	for _, dir := range runs {
		if why := h.abandoned(dir); why != "" {
			found = append(found, note("/"+dir+": "+why, "any call lets berthd release what the run holds: berthctl list --all"))
		}
	}
	labels, _ := fs.Glob(h.Files, "var/lib/berth/labels/*")
	for _, file := range labels {
		if !h.exists("run/berth/live/" + path.Base(file)) {
			found = append(found, note("/"+file+": files have a container's label, which does not run", "restart berthd.service: it gives them their own back"))
		}
	}
	return or(found, "nothing is left behind")
}

// abandoned says what is wrong with a run whose supervisor is gone. berthd releases it as soon as it runs.
func (h *Host) abandoned(dir string) string {
	var note struct {
		State      string `json:"state"`
		Machine    string `json:"machine"`
		Supervisor uint32 `json:"supervisor"`
	}
	text := h.text(dir + "/state.json")
	switch {
	case text == "":
		return "" // a start that has just begun
	case json.Unmarshal([]byte(text), &note) != nil:
		return "the note of a run cannot be read"
	case note.State == "starting":
		return ""
	case note.Supervisor == 0 || strings.HasPrefix(h.text(fmt.Sprintf("proc/%d/comm", note.Supervisor)), "berth-super"):
		return ""
	}
	return "the supervisor of " + note.Machine + " is gone, and nobody has released its run"
}
