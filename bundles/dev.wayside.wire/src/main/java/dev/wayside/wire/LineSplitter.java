// SPDX-License-Identifier: Apache-2.0
package dev.wayside.wire;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Cuts a stream of chunks into lines, as a watch sends JSON. A line ends with LF; a CR before it is
 * dropped; empty lines are skipped. Keeps at most one unfinished line of bounded length. Not safe
 * for several threads.
 */
public final class LineSplitter {
    /** A line is longer than it may be: the stream cannot be followed further. */
    public static final class LineTooLongException extends Exception {
        private static final long serialVersionUID = 1L;

        private LineTooLongException(int maxLineBytes) {
            super("a line is longer than " + maxLineBytes + " bytes");
        }
    }

    private static final int FIRST_BYTES = 256;

    private final int maxLineBytes;
    private final Consumer<byte[]> onLine;
    private byte[] unfinished = new byte[0];
    private int length;

    /**
     * @param maxLineBytes without the line's end
     * @param onLine gets each line, without its end; the array is its own
     */
    public LineSplitter(int maxLineBytes, Consumer<byte[]> onLine) {
        this.maxLineBytes = maxLineBytes;
        this.onLine = onLine;
    }

    /**
     * Takes the next chunk and hands over the lines that it completes.
     *
     * @throws LineTooLongException after the lines before; the splitter is then of no more use
     */
    public void add(byte[] chunk) throws LineTooLongException {
        int from = 0;
        for (int at = 0; at < chunk.length; at++) {
            if (chunk[at] == '\n') {
                line(chunk, from, at);
                from = at + 1;
            }
        }
        keep(chunk, from, chunk.length);
    }

    /** Whether the stream stands between two lines; if not at its end, the last line was cut. */
    public boolean complete() {
        return length == 0;
    }

    private void line(byte[] chunk, int from, int to) throws LineTooLongException {
        byte[] line;
        if (length == 0) {
            check(to - from);
            line = Arrays.copyOfRange(chunk, from, to);
        } else {
            keep(chunk, from, to);
            line = Arrays.copyOf(unfinished, length);
            unfinished = new byte[0];
            length = 0;
        }
        if (line.length > 0 && line[line.length - 1] == '\r') {
            line = Arrays.copyOf(line, line.length - 1);
        }
        if (line.length > 0) {
            onLine.accept(line);
        }
    }

    private void keep(byte[] chunk, int from, int to) throws LineTooLongException {
        int added = to - from;
        if (added == 0) {
            return;
        }
        check(length + added);
        if (unfinished.length < length + added) {
            int doubled = Math.max(FIRST_BYTES, unfinished.length * 2);
            unfinished = Arrays.copyOf(unfinished, Math.max(length + added, doubled));
        }
        System.arraycopy(chunk, from, unfinished, length, added);
        length += added;
    }

    private void check(int bytes) throws LineTooLongException {
        if (bytes > maxLineBytes) {
            throw new LineTooLongException(maxLineBytes);
        }
    }
}
