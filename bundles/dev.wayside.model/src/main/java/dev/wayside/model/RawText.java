// SPDX-License-Identifier: Apache-2.0
package dev.wayside.model;

import com.fasterxml.jackson.core.SerializableString;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** JSON text that is written as it is. Jackson takes it where its output is UTF-8. */
final class RawText implements SerializableString {
    private static final int NO_ROOM = -1;

    private final byte[] utf8;

    RawText(byte[] utf8) {
        this.utf8 = utf8;
    }

    @Override
    public String getValue() {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    @Override
    public int charLength() {
        return getValue().length();
    }

    @Override
    public byte[] asUnquotedUTF8() {
        return utf8;
    }

    @Override
    public int appendUnquotedUTF8(byte[] buffer, int offset) {
        if (buffer.length - offset < utf8.length) {
            return NO_ROOM;
        }
        System.arraycopy(utf8, 0, buffer, offset, utf8.length);
        return utf8.length;
    }

    @Override
    public int writeUnquotedUTF8(OutputStream out) throws IOException {
        out.write(utf8);
        return utf8.length;
    }

    @Override
    public int putUnquotedUTF8(ByteBuffer buffer) {
        if (buffer.remaining() < utf8.length) {
            return NO_ROOM;
        }
        buffer.put(utf8);
        return utf8.length;
    }

    @Override
    public int appendUnquoted(char[] buffer, int offset) {
        throw inChars();
    }

    @Override
    public char[] asQuotedChars() {
        throw inChars();
    }

    @Override
    public byte[] asQuotedUTF8() {
        throw inChars();
    }

    @Override
    public int appendQuotedUTF8(byte[] buffer, int offset) {
        throw inChars();
    }

    @Override
    public int appendQuoted(char[] buffer, int offset) {
        throw inChars();
    }

    @Override
    public int writeQuotedUTF8(OutputStream out) {
        throw inChars();
    }

    @Override
    public int putQuotedUTF8(ByteBuffer buffer) {
        throw inChars();
    }

    private static UnsupportedOperationException inChars() {
        return new UnsupportedOperationException("a whole JSON value is written as UTF-8 only");
    }
}
