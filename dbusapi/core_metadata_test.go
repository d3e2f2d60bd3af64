package dbusapi

import (
	"context"
	"fmt"
	"time"

	"github.com/berthd/berth/internal/domain"
	"github.com/berthd/berth/service"
)

func (f *fakeCore) SetMetadata(ctx context.Context, u domain.UUID, m domain.Metadata, o service.TuneOptions) error {
	return f.change(ctx, "metadata", u, "", "", func(s *service.Snapshot) *service.Snapshot {
		s.Description = fmt.Sprint(m, o)
		return s
	})
}

func (f *fakeCore) Metadata(u domain.UUID, kind domain.MetadataKind, uri string, o service.TuneOptions) (string, error) {
	snap, err := f.ByUUID(u)
	if err == nil && kind == domain.MetadataTitle {
		err = service.ErrNoMetadata
	}
	return fmt.Sprint(snap.Description, " ", uri, " ", o), err
}

func (f *fakeCore) Validate(xml []byte, device bool) (service.Examination, error) {
	idle := []domain.Mention{{Element: "domain/pm", Line: 7, Text: "is of virtual machines"}}
	switch {
	case len(xml) == 0:
		return service.Examination{WithoutEffect: idle}, nil
	case device:
		return service.Examination{WithoutEffect: []domain.Mention{{Element: "disk/boot", Line: 1, Text: "is of virtual machines"}}}, nil
	}
	return service.Examination{
		Faults: []*domain.Error{{Element: "domain/name", Line: 2, Text: "is empty"}, {Kind: domain.InvalidConfig, Element: "domain/x", Text: "is unknown"}},
		More:   3, WithoutEffect: idle,
	}, nil
}

func (f *fakeCore) Job(u domain.UUID) (service.Job, error) {
	if u == uuidA {
		return service.Job{Kind: service.JobRelabel, Elapsed: 2 * time.Second, Files: 7, Abortable: true}, nil
	}
	return service.Job{}, nil
}
