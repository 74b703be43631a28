package main

import (
	"encoding/json"
	"fmt"

	"github.com/distribution/reference"
)

// parsed is what a reference of an image names, normalised.
type parsed struct {
	Domain string `json:"domain"`
	Path   string `json:"path"`
	Tag    string `json:"tag"`
	Digest string `json:"digest"`
}

// referred reads a line, a JSON string, as the kubelet reads an image.
func referred(line []byte) (any, error) {
	var text string
	if err := json.Unmarshal(line, &text); err != nil {
		return nil, fmt.Errorf("bad query: %w", err)
	}
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return nil, err
	}
	found := parsed{Domain: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		found.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		found.Digest = digested.Digest().String()
	}
	return found, nil
}
