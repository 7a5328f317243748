import{ak as p,al as e,a as o,am as t}from"./base-Dz5ZmKnr.js";p();const a=document.getElementById("app");a&&e(o(t,{}),a);
