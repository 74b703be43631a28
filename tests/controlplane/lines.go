package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// failure is the answer to a line that could not be judged.
type failure struct {
	Error string `json:"error"`
}

// eachLine answers every line of in by exactly one line on out: the JSON form of what answer
// returns, or {"error": ...}. Lines may be of any length.
func eachLine(in io.Reader, out io.Writer, answer func(line []byte) (any, error)) error {
	reader := bufio.NewReaderSize(in, 1<<20)
	writer := bufio.NewWriterSize(out, 1<<18)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for {
		// Whoever waits for an answer before the next question must get it now.
		if !lineBuffered(reader) {
			if err := writer.Flush(); err != nil {
				return err
			}
		}
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return writer.Flush()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		result, failed := answer(bytes.TrimSuffix(line, []byte{'\n'}))
		if failed != nil {
			result = failure{Error: failed.Error()}
		}
		if err := encoder.Encode(result); err != nil {
			return err
		}
	}
}

func lineBuffered(reader *bufio.Reader) bool {
	// Peek of what is buffered already never reads and never fails.
	buffered, _ := reader.Peek(reader.Buffered())
	return bytes.IndexByte(buffered, '\n') >= 0
}
