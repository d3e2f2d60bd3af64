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

func (f *fakeCore) Validate(xml []byte) ([]*domain.Error, int, error) {
	if len(xml) == 0 {
		return nil, 0, nil
	}
	return []*domain.Error{{Element: "domain/name", Line: 2, Text: "is empty"}, {Kind: domain.InvalidConfig, Element: "domain/x", Text: "is unknown"}}, 3, nil
}

func (f *fakeCore) Job(u domain.UUID) (service.Job, error) {
	if u == uuidA {
		return service.Job{Kind: service.JobRelabel, Elapsed: 2 * time.Second, Files: 7, Abortable: true}, nil
	}
	return service.Job{}, nil
}
