package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/lpuctl/lpuctl/groqclient"
)

// writeSubtitles writes segments as SubRip (srt) or WebVTT
// (https://www.w3.org/TR/webvtt1/). Segments without text are left out.
func writeSubtitles(w io.Writer, segments []groqclient.Segment, format string) error {
	var cues []string
	for _, s := range segments {
		text := cueText(s.Text, format)
		if text == "" {
			continue
		}
		cue := fmt.Sprintf("%s --> %s\n%s\n", cueTime(s.Start, format), cueTime(s.End, format), text)
		if format == formatSRT {
			cue = fmt.Sprintf("%d\n%s", len(cues)+1, cue)
		}
		cues = append(cues, cue)
	}
	all := strings.Join(cues, "\n") + "\n"
	if format == formatVTT {
		all = "WEBVTT\n\n" + strings.Join(cues, "\n")
	}
	_, err := io.WriteString(w, all)
	return err
}

// cueText is a text on one line, because an empty line would end the subtitle.
// WebVTT has markup, from which the text is kept apart.
func cueText(text, format string) string {
	text = printable(strings.Join(strings.Fields(text), " "))
	if format == formatVTT {
		return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
	}
	return strings.ReplaceAll(text, "-->", "->") // an arrow is the sign of a line of times
}

// cueTime is a time in seconds as hours:minutes:seconds,milliseconds; WebVTT
// has a point for the comma. What is no time is zero.
func cueTime(seconds float64, format string) string {
	const longest = 99*3600 + 59*60 + 59 // two digits of hours
	if !(seconds > 0) {
		seconds = 0
	}
	ms := int64(math.Round(min(seconds, longest) * 1000))
	point := ","
	if format == formatVTT {
		point = "."
	}
	return fmt.Sprintf("%02d:%02d:%02d%s%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, point, ms%1000)
}
