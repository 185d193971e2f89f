// SPDX-License-Identifier: Apache-2.0
package dev.wayside.itests.container;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the identity folder of a gateway that has joined. */
final class TestIdentity {
    private TestIdentity() {}

    static void write(Path folder) throws IOException {
        Files.createDirectories(folder);
    }
}
