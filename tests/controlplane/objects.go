package main

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
)

// decode reads an object as the API server reads a request's body: case-sensitive, strict about
// types, unknown fields dropped. The result is of the version that the object names.
func decode(raw []byte) (runtime.Object, error) {
	object, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(raw, nil, nil)
	return object, err
}

// defaulted is the object as the API server's admission sees it, before any plugin.
func defaulted(line []byte) (any, error) {
	object, err := decode(line)
	if err != nil {
		return nil, err
	}
	legacyscheme.Scheme.Default(object)
	encoded, err := json.Marshal(object)
	return json.RawMessage(encoded), err
}
