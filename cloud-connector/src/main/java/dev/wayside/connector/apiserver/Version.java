// SPDX-License-Identifier: Apache-2.0
package dev.wayside.connector.apiserver;

import dev.wayside.model.JsonObject;

/** What {@code /version} says: the Kubernetes version whose API this is, and ours. */
final class Version {
    private Version() {}

    static JsonObject asJson() {
        String ours = Version.class.getPackage().getImplementationVersion();
        return JsonObject.builder()
                .put("major", "1")
                .put("minor", "35")
                .put("gitVersion", "v1.35.0+wayside" + (ours == null ? "" : "-" + ours))
                .put("gitCommit", "")
                .put("gitTreeState", "clean")
                .put("buildDate", "1970-01-01T00:00:00Z")
                .put("goVersion", "none")
                .put("compiler", "javac")
                .put("platform", "linux/" + System.getProperty("os.arch", "unknown"))
                .build();
    }
}
