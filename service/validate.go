package service

import (
	"errors"

	"github.com/berthd/berth/internal/domain"
)

// Validate checks a definition as Define does, and stores nothing. It returns its mistakes, and how many more there are. It
// does not compare the name and the uuid with those of other containers.
func (s *Service) Validate(xml []byte) (list []*domain.Error, more int, err error) {
	def, err := domain.Parse(xml)
	if err == nil {
		err = s.checkLabel(def)
	}
	if several, ok := errors.AsType[*domain.Errors](err); ok {
		return several.List, several.More, nil
	}
	if one, ok := errors.AsType[*domain.Error](err); ok {
		return []*domain.Error{one}, 0, nil
	}
	return nil, 0, err
}
