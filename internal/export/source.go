package export

import (
	"encoding/json"
	"fmt"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/internal/plan"
)

// Source is a container, as its next start would make it.
type Source struct {
	Def   *domain.Def
	Plan  *plan.Plan
	Scope plan.Scope
	Net   plan.Net
}

// Read reads a definition, and the plan that GetPlan of org.berth1(5) returns for it. It returns an error if one of
// them cannot be read, as when the service is newer than this program.
func Read(xml, planJSON string) (*Source, error) {
	d, err := domain.Parse([]byte(xml))
	if err != nil {
		return nil, fmt.Errorf("read the definition: %w", err)
	}
	var doc struct {
		plan.Plan
		Scope plan.Scope `json:"scope"`
		Net   plan.Net   `json:"net"`
	}
	if err := json.Unmarshal([]byte(planJSON), &doc); err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	if len(doc.Sources) == 0 {
		return nil, fmt.Errorf("read the plan: it has no root")
	}
	return &Source{d, &doc.Plan, doc.Scope, doc.Net}, nil
}

// Filesystems calls each with every file system of the definition but the root, the mount that the plan has for it, and
// its element.
func (s *Source) Filesystems(each func(fs *domain.Filesystem, m plan.Mount, element string)) {
	n := 0
	for i := range s.Def.Filesystems {
		fs := &s.Def.Filesystems[i]
		if fs.Target == "/" {
			continue
		}
		if n < len(s.Plan.Filesystems) {
			each(fs, s.Plan.Filesystems[n], s.Def.ElementOf(domain.Slot{Kind: domain.KindFilesystem, Index: i}))
		}
		n++
	}
}

// RootElement returns the element of the root, or that of all devices if the container has the host's.
func (s *Source) RootElement() string {
	element := "domain/devices"
	for i := range s.Def.Filesystems {
		if s.Def.Filesystems[i].Target == "/" { // the last one counts
			element = s.Def.ElementOf(domain.Slot{Kind: domain.KindFilesystem, Index: i})
		}
	}
	return element
}
