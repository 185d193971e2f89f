// SPDX-License-Identifier: Apache-2.0
package dev.wayside.node;

import java.nio.file.Path;

/** Where this gateway keeps its things. */
final class DataFolder {
    private DataFolder() {}

    /** The path itself if it is absolute, else below the data folder. */
    static Path resolve(String path) {
        return Path.of(System.getProperty("wayside.data", "")).resolve(path).toAbsolutePath();
    }
}
