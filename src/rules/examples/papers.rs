//! Objects of which a part is what an example is about.

macro_rules! pod {
    ($spec:literal) => {
        pod!($spec, "")
    };
    ($spec:literal, $container:literal) => {
        pod!($spec, "registry.example.com/alpha/app:1.4", $container)
    };
    ($spec:literal, $image:literal, $container:literal) => {
        concat!(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: app, namespace: alpha-dev}\nspec:\n",
            $spec,
            "  containers:\n  - name: app\n    image: ",
            $image,
            "\n",
            $container
        )
    };
}

macro_rules! namespace {
    ($name:literal, $labels:literal) => {
        concat!(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ",
            $name,
            "\n  labels: {",
            $labels,
            "}\n"
        )
    };
}

macro_rules! pod_with {
    ($metadata:literal) => {
        concat!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: app\n  namespace: alpha-dev\n  ",
            $metadata,
            "\nspec:\n  containers:\n  - name: app\n    image: registry.example.com/alpha/app:1.4\n"
        )
    };
}

macro_rules! egress {
    ($rules:literal) => {
        egress!($rules, "[Egress]")
    };
    ($rules:literal, $types:literal) => {
        concat!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: web, namespace: alpha-dev}\n\
             spec:\n  podSelector: {}\n  policyTypes: ",
            $types,
            "\n  egress: ",
            $rules,
            "\n"
        )
    };
}

macro_rules! policy {
    ($name:literal) => {
        policy!($name, "[]")
    };
    ($name:literal, $ingress:literal) => {
        concat!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: ",
            $name,
            ", namespace: alpha-dev}\nspec: {podSelector: {}, ingress: ",
            $ingress,
            "}\n"
        )
    };
}
