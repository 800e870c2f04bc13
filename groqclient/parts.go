package groqclient

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// maxInlineBytes bounds a file that is put into a request as a data: URL.
const maxInlineBytes = 64 << 20

// TextPart makes a part of text.
func TextPart(text string) Part { return Part{Type: PartTypeText, Text: Set(text)} }

// ImagePart makes a part of an image at a URL. detail is auto, low or high, or
// empty.
func ImagePart(url, detail string) Part {
	return Part{Type: PartTypeImageURL, ImageURL: &ImageURL{URL: url, Detail: detail}}
}

// DocumentPart makes a part of a JSON document, with an id for citations.
func DocumentPart(id string, data json.RawMessage) Part {
	return Part{Type: PartTypeDocument, Document: &DocumentData{ID: id, Data: data}}
}

// ImageFile makes a part that holds the image file at path. The kind of image
// is told from its first bytes.
func ImageFile(path string) (Part, error) {
	data, err := readInline(path)
	if err != nil {
		return Part{}, err
	}
	kind := http.DetectContentType(data)
	if !strings.HasPrefix(kind, "image/") {
		return Part{}, fmt.Errorf("groqclient: %s: not an image that can be sent (%s)", path, kind)
	}
	return ImagePart(DataURL(kind, data), ""), nil
}

// AudioFileURL returns the audio file at path as a data: URL, for the URL field
// of a transcription in a batch. The kind is told from the file name.
func AudioFileURL(path string) (string, error) {
	data, err := readInline(path)
	if err != nil {
		return "", err
	}
	kind := contentTypeOf(path)
	if !strings.HasPrefix(kind, "audio/") {
		return "", fmt.Errorf("groqclient: %s: not an audio file by its name (%s)", path, kind)
	}
	return DataURL(kind, data), nil
}

// DataURL writes data as a data: URL of the given media type.
func DataURL(mediaType string, data []byte) string {
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(data)
}

// readInline reads a file that is to become part of a request.
func readInline(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInlineBytes+1))
	if err != nil {
		return nil, fmt.Errorf("groqclient: %s: %w", path, err)
	}
	if len(data) > maxInlineBytes {
		return nil, fmt.Errorf("groqclient: %s: larger than %d bytes", path, maxInlineBytes)
	}
	return data, nil
}
