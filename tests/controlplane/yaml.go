package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// manifest is a file as somebody would give it to `kubectl apply -f`.
type manifest struct {
	Text string `json:"text"`
}

// document is what the API server would get of one document, or why it would get nothing.
type document struct {
	Value json.RawMessage `json:"value,omitempty"`
	Error string          `json:"error,omitempty"`
}

// read is every document up to the end of the file, or up to the first error of the stream, which
// is the last entry: there kubectl gives up.
func read(line []byte) (any, error) {
	var asked manifest
	if err := json.Unmarshal(line, &asked); err != nil {
		return nil, err
	}
	found := []document{}
	// FileVisitor.Visit and StreamVisitor.Visit of k8s.io/cli-runtime, pkg/resource/visitor.go
	utf16 := unicode.BOMOverride(unicode.UTF8.NewDecoder())
	source := transform.NewReader(strings.NewReader(asked.Text), utf16)
	decoder := yaml.NewYAMLOrJSONDecoder(source, 4096)
	for {
		var ext runtime.RawExtension
		err := decodeNext(decoder, &ext)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return append(found, document{Error: err.Error()}), nil
		}
		ext.Raw = bytes.TrimSpace(ext.Raw)
		if len(ext.Raw) == 0 || bytes.Equal(ext.Raw, []byte("null")) {
			continue
		}
		found = append(found, arriving(ext.Raw))
	}
}

// decodeNext turns a panic of the reader into an error: kubectl would end by it.
func decodeNext(decoder *yaml.YAMLOrJSONDecoder, into *runtime.RawExtension) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	return decoder.Decode(into)
}

// arriving is a document as it arrives: kubectl decodes it without types and encodes it again, and
// the API server decodes that.
func arriving(raw []byte) document {
	for range 2 {
		var value any
		if err := utiljson.Unmarshal(raw, &value); err != nil {
			return document{Error: err.Error()}
		}
		encoded, err := json.Marshal(value)
		if err != nil {
			return document{Error: err.Error()}
		}
		raw = encoded
	}
	return document{Value: raw}
}
