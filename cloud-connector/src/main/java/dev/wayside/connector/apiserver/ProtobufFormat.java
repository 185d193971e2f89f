// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.connector.schema.ProtobufObjects;
import java.util.List;

/** Protobuf bodies, as typed clients send them. */
final class ProtobufFormat implements BodyDecoder.Format {
    private final ProtobufObjects objects = new ProtobufObjects();

    @Override
    public BodyDecoder.Decoded decode(byte[] body) {
        try {
            return new BodyDecoder.Decoded(objects.read(body), List.of());
        } catch (IllegalArgumentException e) {
            throw ApiStatus.badRequest("the body is no protobuf object: " + e.getMessage());
        }
    }
}
